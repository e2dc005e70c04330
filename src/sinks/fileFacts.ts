import { Effect } from "effect"
import { type FileBytes, readFooter, unsound, type UnsoundFile } from "./footer.ts"
import { type EndChunks, endChunks } from "./idsOfEnds.ts"
import { type Chunk, chunkOf, fromFooter } from "./rowGroupMetadata.ts"

/** One row group, as the footer tells of it. */
export interface GroupFacts {
  readonly rows: number
  /** On disk. */
  readonly bytes: number
  /** Microseconds since the epoch, as all times here. */
  readonly firstReceived: number
  readonly lastReceived: number
  /** Where the file has a column of it; null where it has none of that name. */
  readonly chunk: (column: string) => Chunk | null
}

/** What the footer of a file of the recorder's tells. */
export interface FileFacts {
  /** `<exchange>/<normalized symbol>/<data type>`. */
  readonly feed: string
  readonly exchange: string
  /** In the venue's notation. */
  readonly symbol: string
  readonly dataType: string
  readonly homeServer: string | null
  readonly bytes: number
  readonly rows: number
  readonly firstReceived: number
  readonly lastReceived: number
  readonly rowGroups: number
  readonly idChunks: EndChunks
}

/** What only those want to know who look at one file. */
export interface FileDetail {
  readonly groups: ReadonlyArray<GroupFacts>
  readonly metadata: Readonly<Record<string, string>>
}

/** Everything that a footer tells. */
export interface Facts {
  readonly facts: FileFacts
  readonly detail: FileDetail
}

const notOurs = "a Parquet file, but not one that ticklake wrote: its footer names no feed"

/** Reads what a file's footer tells; fails where it is no file of the recorder's, or cannot be one that is whole. */
export const readFacts = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>
): Effect.fn.Return<Facts, E | UnsoundFile> {
  const { metadata: { key_value_metadata, num_rows, row_groups }, offset } = yield* readFooter(file)
  const metadata = Object.fromEntries((key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]))
  const { "ticklake.data_type": dataType, "ticklake.exchange": exchange, "ticklake.feed": feed } = metadata
  const symbol = metadata["ticklake.symbol"]
  if (feed === undefined || exchange === undefined || symbol === undefined || dataType === undefined) {
    return yield* unsound(notOurs)
  }
  const groups: Array<GroupFacts> = []
  let last = { rows: 0, end: 0, firstReceived: Infinity, lastReceived: -Infinity }
  const rowGroups = row_groups.map(fromFooter)
  for (const group of rowGroups) {
    const { chunks, received } = group
    if (received === null) return yield* unsound("its footer tells nothing of receive times")
    groups.push({
      rows: group.rows,
      bytes: chunks.reduce((sum, { length }) => sum + length, 0),
      firstReceived: received.first,
      lastReceived: received.last,
      chunk: (name) => chunkOf(group, name)
    })
    last = {
      rows: last.rows + group.rows,
      end: Math.max(last.end, ...chunks.map(({ from, length }) => from + length)),
      firstReceived: Math.min(last.firstReceived, received.first),
      lastReceived: Math.max(last.lastReceived, received.last)
    }
  }
  const { end, firstReceived, lastReceived, rows } = last
  if (groups.length === 0) return yield* unsound("it has no row groups")
  if (rows !== num_rows.toNumber()) {
    return yield* unsound(`its row groups have ${rows} rows, its footer says ${num_rows.toNumber()}`)
  }
  const idChunks = endChunks(rowGroups)
  if (idChunks === null) return yield* unsound("it has no column exchange_sequence_id")
  if (end > offset) return yield* unsound("its footer tells of bytes behind its end")
  const facts: FileFacts = {
    feed,
    exchange,
    symbol,
    dataType,
    homeServer: metadata["ticklake.home_server"] ?? null,
    bytes: file.bytes,
    rows,
    firstReceived,
    lastReceived,
    rowGroups: groups.length,
    idChunks
  }
  return { facts, detail: { groups, metadata } }
})
