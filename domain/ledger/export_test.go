package ledger

// The codecs of what the ledger itself records, for the tests of their stored shapes.
var (
	ApprovalCodec = approvalCodec
	ClaimCodec    = claimCodec
	KeepingCodec  = keepings
)
