/**
 * How the venue's own numbers show that nothing is missing between two events of a feed.
 *
 * - `consecutive`: the ids of events follow each other without a hole, for ever, across connections (trades)
 * - `stepping`: the same within one book; a snapshot begins a new count (Bybit books)
 * - `linked`: each event names the one before it; a snapshot begins a new chain (OKX books)
 * - `connection`: every message of the connection is numbered, whatever it carries (Coinbase)
 * - `none`: the venue numbers nothing that could show a hole
 */
export type ContinuityRule = "consecutive" | "stepping" | "linked" | "connection" | "none"
