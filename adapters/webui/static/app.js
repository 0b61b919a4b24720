// What pages do besides working: say where a slider stands, suggest things in forms, and tell that
// something was recorded. Every page works without it.
'use strict';

// The slider of entries says its position in words; at its end it means now, whatever comes.
for (const slider of document.querySelectorAll('input[type=range][name=known-at]')) {
  const output = slider.form.querySelector('[data-at]');
  const number = n => Number(n).toLocaleString('en-US');
  let asked;
  slider.addEventListener('input', () => {
    output.textContent = `${number(slider.value)} / ${number(slider.max)}`;
    clearTimeout(asked);
    asked = setTimeout(async () => {
      const answer = await fetch(`${slider.dataset.words}?known-at=${slider.value}`);
      if (!answer.ok) return;
      output.textContent = await answer.text();
      slider.setAttribute('aria-valuetext', output.textContent);
    }, 150);
  });
  slider.form.addEventListener('submit', () => {
    if (slider.value === slider.max) slider.disabled = true;
    for (const date of slider.form.querySelectorAll('input[type=date]')) if (!date.value) date.disabled = true;
  });
}

// The slider of steps shows each step as it comes to it.
for (const slider of document.querySelectorAll('[data-steps]')) {
  let asked;
  slider.addEventListener('input', () => {
    clearTimeout(asked);
    asked = setTimeout(async () => {
      const query = new URLSearchParams(new FormData(slider.form));
      if (!query.get('from')) query.delete('from');
      const answer = await fetch(`?${query}`);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      document.getElementById('step').replaceWith(page.getElementById('step'));
      slider.setAttribute('aria-valuetext', page.querySelector('[data-steps]').getAttribute('aria-valuetext'));
      history.replaceState(null, '', `?${query}`);
    }, 60);
  });
}

// A field for a thing suggests those whose name has what was typed.
const lang = location.pathname.split('/')[1];
document.addEventListener('input', event => {
  const field = event.target;
  if (!field.dataset || !field.dataset.pick || /^[0-9a-f-]{36}$/.test(field.value)) return;
  clearTimeout(field.asked);
  field.asked = setTimeout(async () => {
    const answer = await fetch(`/${lang}/pick/${field.dataset.pick}?q=${encodeURIComponent(field.value)}`);
    if (answer.ok) field.list.innerHTML = await answer.text();
  }, 200);
});

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => print());
}

const refused = document.getElementById('refused');
if (refused) refused.focus();

// What is recorded while a page is looked at is told, and shown when asked for. Events have names
// of their own, which EventSource would have to know, so the stream is read line by line.
const from = document.body.dataset.live;
if (from) {
  const news = document.getElementById('news');
  let last = from, seen = 0, reading, told;
  const heard = line => {
    if (!line.startsWith('id:')) return;
    last = line.slice(3).trim();
    seen++;
    news.hidden = false;
    news.querySelector('[data-count]').textContent = seen;
    clearTimeout(told);
    told = setTimeout(() => document.body.dispatchEvent(new Event('news')), 300); // what follows the ledger asks again
  };
  const follow = async () => {
    reading = new AbortController();
    try {
      const answer = await fetch(`/v1/events?after=${last}`, {headers: {Accept: 'text/event-stream'}, signal: reading.signal});
      if (!answer.ok) return;
      let rest = '';
      for (const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();;) {
        const {value, done} = await reader.read();
        if (done) break;
        const lines = (rest + value).split('\n');
        rest = lines.pop();
        lines.forEach(heard);
      }
    } catch { /* gone; looked for again below */ }
    if (!document.hidden) setTimeout(follow, 3000);
  };
  document.addEventListener('visibilitychange', () => { if (document.hidden) reading.abort(); else follow(); });
  addEventListener('pagehide', () => reading.abort());
  follow();
}
