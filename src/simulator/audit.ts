import * as Feed from "../domain/Feed.ts"
import type { ConnectionRecord, Entry } from "./Ledger.ts"

/** A row as it was read back from a file. */
export interface RecordedRow {
  readonly exchange: string
  /** Normalized. */
  readonly symbol: string
  readonly dataType: string
  /** The venue's own id, or what the recorder made in its place. */
  readonly sequenceId: string
  /** Microseconds since the epoch by the venue's clock; null where it sends none. */
  readonly exchangeMicros: number | null
  readonly data: string
  /** Whether it came over a connection, or was fetched afterwards. */
  readonly origin: "live" | "repair"
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
  /** Rows beyond those sent: the same event twice, or one that was never sent; of those that were fetched `auditTrades` knows. */
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
 * What must be recorded once, however often it was sent: a trade by its id and time, since venues repeat their latest
 * trades to a new subscriber; a message about a book by its bytes, on other connections of the feed only, since a book
 * that looks as before is news on the same connection.
 */
const occasions = (sent: ReadonlyArray<Entry>): ReadonlyArray<ReadonlyArray<Entry>> => {
  const groups: Array<Array<Entry>> = []
  const known = new Map<string, Array<Entry>>()
  for (const entry of sent) {
    const isTrade = entry.dataType === "trade"
    const key = isTrade && entry.sequenceId !== null ? `${entry.sequenceId}@${entry.timestampExchange}` : entry.data
    const group = known.get(key)
    const isRepeat = isTrade || entry.duplicate || group?.every((each) => each.connection !== entry.connection)
    if (group !== undefined && isRepeat === true) {
      group.push(entry)
      continue
    }
    const made = [entry]
    known.set(key, made)
    groups.push(made)
  }
  return groups
}

const auditFeed = (
  feedId: string,
  sent: ReadonlyArray<Entry>,
  cut: ReadonlySet<number>,
  rows: ReadonlyArray<RecordedRow>
): FeedAudit => {
  const unclaimed = new Map<string, number>()
  const fetched = new Set<string>()
  for (const { data, origin, sequenceId } of rows) {
    if (origin === "repair") fetched.add(sequenceId)
    else unclaimed.set(data, (unclaimed.get(data) ?? 0) + 1)
  }
  const isFetched = ({ sequenceId }: Entry) => sequenceId !== null && fetched.has(sequenceId)
  const missing: Array<Entry> = []
  const lostWithConnection: Array<Entry> = []
  const claims = ({ data }: Entry): boolean => {
    const count = unclaimed.get(data) ?? 0
    if (count <= 1) unclaimed.delete(data)
    else unclaimed.set(data, count - 1)
    return count > 0
  }
  // Backwards, so that the suffix of a cut connection is met before what must be there.
  const arrived = new Set<number>()
  const repeats: Array<Entry> = []
  for (const occasion of occasions(sent).toReversed()) {
    const claimed = occasion.findIndex(claims)
    repeats.push(...occasion.filter((_, index) => index !== claimed))
    const sure = occasion.find((each) => !cut.has(each.connection) || arrived.has(each.connection))
    const first = occasion[0]
    if (first === undefined) continue
    // What went over two connections arrived over one of them: nobody can say over which.
    if (claimed >= 0 && occasion.every((each) => each.connection === first.connection)) arrived.add(first.connection)
    if (claimed >= 0 || occasion.some(isFetched)) continue
    if (sure === undefined) lostWithConnection.push(first)
    else missing.push(sure)
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
