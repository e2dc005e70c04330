import * as Feed from "../domain/Feed.ts"
import type { ConnectionRecord, Entry } from "./Ledger.ts"

/** A row as it was read back from a file. */
export interface RecordedRow {
  readonly exchange: string
  /** Normalized. */
  readonly symbol: string
  readonly dataType: string
  readonly data: string
}

/** How the files of one feed compare with what was sent. */
export interface FeedAudit {
  readonly feedId: string
  readonly sent: number
  readonly recorded: number
  /** Sent over a connection that had to be read to its end, yet in no file. */
  readonly missing: ReadonlyArray<Entry>
  /** Sent at the end of a connection that was cut, and in no file: such a loss cannot be told from never having arrived. */
  readonly lostWithConnection: ReadonlyArray<Entry>
  /** Rows beyond those sent: the same event twice, or one that was never sent. */
  readonly surplus: ReadonlyArray<string>
}

/**
 * Compares every row with every event of the ledger, by feed and byte for byte. Within a connection that was cut only
 * a suffix may be missing, since a connection delivers in order.
 */
export const audit = (
  entries: ReadonlyArray<Entry>,
  connections: ReadonlyArray<ConnectionRecord>,
  rows: ReadonlyArray<RecordedRow>
): ReadonlyArray<FeedAudit> => {
  const cut = new Set(connections.filter((each) => each.suffixMayBeLost).map((each) => each.connection))
  const sentByFeed = Map.groupBy(entries, (entry) => Feed.make(entry.venue, entry.symbol, entry.dataType).id)
  const rowsByFeed = Map.groupBy(rows, (row) => `${row.exchange}/${row.symbol}/${row.dataType}`)
  const feedIds = new Set([...sentByFeed.keys(), ...rowsByFeed.keys()])
  return [...feedIds].map((id) => auditFeed(id, sentByFeed.get(id) ?? [], cut, rowsByFeed.get(id) ?? []))
}

/**
 * What was sent a second time: it is the same event, and need not be in the files twice. Trades that a venue sends anew after a
 * reconnect are known by their bytes, which hold their id.
 */
const repeated = (sent: ReadonlyArray<Entry>): ReadonlySet<Entry> => {
  const seen = new Set<string>()
  const repeats = new Set<Entry>()
  for (const entry of sent) {
    if (entry.duplicate || (entry.dataType === "trade" && seen.has(entry.data))) repeats.add(entry)
    seen.add(entry.data)
  }
  return repeats
}

const auditFeed = (
  feedId: string,
  sent: ReadonlyArray<Entry>,
  cut: ReadonlySet<number>,
  rows: ReadonlyArray<RecordedRow>
): FeedAudit => {
  const unclaimed = new Map<string, number>()
  for (const { data } of rows) unclaimed.set(data, (unclaimed.get(data) ?? 0) + 1)
  const missing: Array<Entry> = []
  const lostWithConnection: Array<Entry> = []
  const claims = ({ data }: Entry): boolean => {
    const count = unclaimed.get(data) ?? 0
    if (count <= 1) unclaimed.delete(data)
    else unclaimed.set(data, count - 1)
    return count > 0
  }
  const repeats = repeated(sent)
  // Backwards, so that the suffix of a cut connection is met before what must be there.
  const arrived = new Set<number>()
  for (const entry of sent.filter((each) => !repeats.has(each)).toReversed()) {
    if (claims(entry)) arrived.add(entry.connection)
    else if (cut.has(entry.connection) && !arrived.has(entry.connection)) lostWithConnection.push(entry)
    else missing.push(entry)
  }
  for (const entry of repeats) claims(entry)
  return {
    feedId,
    sent: sent.length,
    recorded: rows.length,
    missing: missing.toReversed(),
    lostWithConnection: lostWithConnection.toReversed(),
    surplus: [...unclaimed].flatMap(([data, count]) => Array.from({ length: count }, () => data))
  }
}
