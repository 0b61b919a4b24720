// Verifies in this browser, from bytes and with no word of the server but the receipt, that an entry
// is in the signed log: the stored bytes are those of the leaf, the leaf is in the tree, the tree is
// the one that was signed. The hashes and the signature are computed by WebCrypto where the page is
// in a secure context, else by the vendored library.
const form = document.getElementById('proof');
const utf8 = text => new TextEncoder().encode(text);
const base64 = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const hex = bytes => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
const join = (...parts) => new Uint8Array(parts.flatMap(p => [...p]));

const engine = await (async () => {
  if (globalThis.crypto?.subtle) {
    try {
      await crypto.subtle.importKey('raw', new Uint8Array(32).fill(1), 'Ed25519', false, ['verify']);
      return {
        name: 'WebCrypto',
        sha256: async bytes => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
        verify: async (signature, text, key) => crypto.subtle.verify('Ed25519', await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']), signature, text),
      };
    } catch { /* it has no Ed25519 */ }
  }
  const [{sha256, sha512}, ed] = await Promise.all([import('./noble/sha2.js'), import('./noble/ed25519.js')]);
  ed.hashes.sha512 = sha512;
  return {name: 'noble', sha256: async bytes => sha256(bytes), verify: async (signature, text, key) => ed.verify(signature, text, key)};
})();
const sha256 = engine.sha256;

// The parts of a leaf, each after its length in four bytes.
const leafOf = async e => {
  const part = bytes => join(new Uint8Array([bytes.length >>> 24, bytes.length >>> 16, bytes.length >>> 8, bytes.length]), bytes);
  const id = text => Uint8Array.from(text.replaceAll('-', '').match(/../g), h => parseInt(h, 16));
  const version = new Uint8Array(8);
  new DataView(version.buffer).setBigUint64(0, BigInt(e.version));
  return join(part(utf8('ttl/leaf/v1')), part(id(e.ledger)), part(id(e.event)), part(utf8(e.stream)), part(version), part(utf8(e.type)),
    part(await sha256(utf8(e.meta))), part(await sha256(utf8(e.data))));
};

// A receipt (c2sp.org/tlog-proof): the leaf, its index, the hashes beside its way up, the signed checkpoint.
const parse = text => {
  const cut = text.indexOf('\n\n');
  const [form, ...lines] = text.slice(0, cut).split('\n');
  if (form !== 'c2sp.org/tlog-proof@v1') throw new Error('not a tlog-proof');
  const extra = base64(lines.shift().replace(/^extra /, '')), index = Number(lines.shift().replace(/^index /, ''));
  const note = text.slice(cut + 2), end = note.indexOf('\n\n');
  const signed = note.slice(0, end + 1), [origin, size, root] = signed.split('\n');
  const signatures = note.slice(end + 2).split('\n').filter(l => l.startsWith('— ')).map(l => l.split(' ')).map(([, name, blob]) => ({name, blob: base64(blob)}));
  return {extra, index, path: lines.map(base64), signed, origin, size: Number(size), root: base64(root), signatures};
};

// The root that a leaf and the hashes beside it come to (RFC 9162, 2.1.3.2).
const rootOf = async (leaf, index, size, path) => {
  let hash = await sha256(join([0], leaf)), at = BigInt(index), last = BigInt(size) - 1n;
  for (const beside of path) {
    if (last === 0n) return null;
    if (at & 1n || at === last) {
      hash = await sha256(join([1], beside, hash));
      while (!(at & 1n) && at !== 0n) { at >>= 1n; last >>= 1n; }
    } else hash = await sha256(join([1], hash, beside));
    at >>= 1n; last >>= 1n;
  }
  return last === 0n ? hash : null;
};

// The keys of a log: name+id+base64(1, public key), a line each.
const signer = async (receipt, keys) => {
  for (const line of keys.split('\n').map(l => l.trim()).filter(Boolean)) {
    const [name, id, ...rest] = line.split(/\s+/)[0].split('+');
    const key = base64(rest.join('+')).slice(1);
    for (const s of receipt.signatures) {
      if (s.name === name && hex(s.blob.slice(0, 4)) === id && await engine.verify(s.blob.slice(4), utf8(receipt.signed), key)) return line;
    }
  }
  return '';
};

const tell = (step, ok, detail) => {
  const line = document.getElementById('step-' + step);
  line.dataset.result = ok;
  line.querySelector('b').textContent = ok ? form.dataset.ok : form.dataset.bad;
  line.querySelector('code').textContent = detail;
  return ok;
};

const asked = async path => {
  const answer = await fetch(path, {headers: {Accept: 'text/plain, */*'}});
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer.text();
};

const verify = async () => {
  const all = document.getElementById('result');
  try {
    const e = Object.fromEntries(new FormData(form)), receipt = parse(await asked('/v1/receipts/' + e.event));
    const leaf = await leafOf(e), root = await rootOf(leaf, receipt.index, receipt.size, receipt.path);
    const key = await signer(receipt, await asked('/checkpoint.keys'));
    let ok = tell('bytes', same(leaf, receipt.extra), `${hex(await sha256(leaf))}`);
    ok = tell('tree', root !== null && same(root, receipt.root) && receipt.index + 1 === Number(e.entry), `${hex(receipt.root)} (${receipt.index + 1} / ${receipt.size})`) && ok;
    ok = tell('signature', key !== '', key || '—') && ok;
    const kept = e.kept.trim().split(/\s+/);
    if (kept[0]) ok = tell('kept', kept[0] === receipt.origin && Number(kept[1]) === receipt.size && same(base64(kept[2] ?? ''), receipt.root), `${receipt.origin} ${receipt.size}`) && ok;
    all.dataset.result = ok;
    all.textContent = `${ok ? form.dataset.whole : form.dataset.broken} (${engine.name})`;
  } catch (wrong) {
    all.dataset.result = 'false';
    all.textContent = wrong.message;
  }
};
form.addEventListener('submit', event => { event.preventDefault(); verify(); });
form.querySelector('button').hidden = false;
verify();
