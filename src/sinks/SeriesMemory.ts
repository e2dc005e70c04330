import { Schema } from "effect"
import { Gap } from "../domain/Gap.ts"
import type { RowType } from "../domain/Series.ts"
import { parseSealedPath } from "./fileNames.ts"

/** So many ids of the newest trades are known after a restart. */
export const recentIdsKept = 512

/** So many gaps are known after a restart that are open or of which something is missing, and of so many that they are settled. */
const gapsKept = 1000

/** So many names of sealed files are known: those of a day of files that end every quarter of an hour. */
const namesKept = 100

/** The newest row of a series. */
export interface Tail {
  /** Its `exchange_sequence_id`. Of trades whose ids are numbers, the one with the highest is the newest. */
  readonly lastId: string
  /** When a row was received last, microseconds since the epoch: not always that one. */
  readonly lastReceivedMicros: number
  readonly lastExchangeMicros: number | null
  /** Trades: the ids of the newest rows, oldest first; empty for others. */
  readonly recentIds: ReadonlyArray<string>
}

/** A sealed file by its path relative to the data folder, and what all its bytes add up to. */
export const SealedFile = Schema.Struct({ path: Schema.String, sha256: Schema.String })
export interface SealedFile extends Schema.Schema.Type<typeof SealedFile> {}

/** What the sealed files of a series hold, as far as whoever goes on with it has to know. */
export interface SeriesMemory {
  /** Null where no row was ever sealed. */
  readonly tail: Tail | null
  /** Of the gaps of a symbol: the latest word on each that is open or of which something is missing. */
  readonly gaps: ReadonlyArray<Gap>
  /** The file that was sealed last, here or not any more. */
  readonly previousFile: SealedFile | null
}

/** One row. */
export const Mark = Schema.Struct({
  id: Schema.String,
  receivedMicros: Schema.Int,
  exchangeMicros: Schema.NullOr(Schema.Int)
})
export interface Mark extends Schema.Schema.Type<typeof Mark> {}

const rows = {
  /** Null where there is none that came over a connection. */
  newest: Schema.NullOr(Mark),
  recentIds: Schema.Array(Schema.String),
  gaps: Schema.Array(Gap)
}

/** What the rows of one file add. */
export const FileRows = Schema.Struct(rows)
export interface FileRows extends Schema.Schema.Type<typeof FileRows> {}

/** What all sealed files add up to. */
export const Known = Schema.Struct({
  ...rows,
  /** Gaps that are repaired or dismissed, so that an older word on them which comes late changes nothing. */
  settled: Schema.Array(Schema.Struct({ id: Schema.String, revision: Schema.Int })),
  previousFile: Schema.NullOr(SealedFile),
  /** The milliseconds in the names of the files that were sealed last. Not there where they were sealed before these were kept. */
  names: Schema.optionalKey(Schema.Array(Schema.Int)),
  /** There when a file was lost that would have come next, until the one that is sealed next has said so. */
  fileLost: Schema.optionalKey(Schema.Literal(true))
})
export interface Known extends Schema.Schema.Type<typeof Known> {}

/** Before the first file. */
export const nothing: Known = { newest: null, recentIds: [], gaps: [], settled: [], previousFile: null }

/** What is known when `file` is sealed as well; `added` is null where its rows could not be read. */
export const remember = (rowType: RowType, known: Known, file: SealedFile, added: FileRows | null): Known => {
  const sealed = { previousFile: file, names: [...namesOf(known), ...millisOf(file)].slice(-namesKept) }
  if (added === null) {
    const { fileLost: _, ...kept } = known
    return { ...kept, ...sealed }
  }
  return {
    newest: newerOf(rowType, known.newest, added.newest),
    recentIds: [...known.recentIds, ...added.recentIds].slice(-recentIdsKept),
    ...foldGaps(known, added.gaps),
    ...sealed
  }
}

const millisOf = ({ path }: SealedFile): ReadonlyArray<number> => {
  const name = parseSealedPath(path)
  return name === null ? [] : [name.millis]
}

/** The milliseconds in the names of sealed files, as far as they are known: none of them may be given again, for the file may be in a store. */
export const namesOf = ({ names, previousFile }: Known): ReadonlyArray<number> =>
  names ?? (previousFile === null ? [] : millisOf(previousFile))

/** What whoever goes on with the series is told. */
export const memoryOf = ({ gaps, newest, previousFile, recentIds }: Known): SeriesMemory => ({
  tail: newest === null ? null : {
    lastId: newest.id,
    lastReceivedMicros: newest.receivedMicros,
    lastExchangeMicros: newest.exchangeMicros,
    recentIds
  },
  gaps,
  previousFile
})

const wholeNumber = /^(?:0|[1-9]\d*)$/

/** From so much later on by the venue's clock, a lower id tells of a venue that has begun to count anew; microseconds. */
const countedAnewMicros = 1_000_000

/** A row that was received later than that with the highest id gives its time of receipt. */
const newerOf = (rowType: RowType, known: Mark | null, added: Mark | null): Mark | null => {
  if (known === null || added === null) return known ?? added
  if (follows(rowType, added, known)) return added
  return { ...known, receivedMicros: Math.max(known.receivedMicros, added.receivedMicros) }
}

const follows = (rowType: RowType, one: Mark, other: Mark): boolean => {
  if (rowType !== "trade" || !wholeNumber.test(one.id) || !wholeNumber.test(other.id)) {
    return one.receivedMicros >= other.receivedMicros
  }
  const isHigher = one.id.length === other.id.length ? one.id >= other.id : one.id.length > other.id.length
  if (isHigher || one.exchangeMicros === null || other.exchangeMicros === null) return isHigher
  return one.exchangeMicros - other.exchangeMicros >= countedAnewMicros
}

/** The last word on each gap of `said`, which is in the order of the rows. */
export const latest = (said: ReadonlyArray<Gap>): ReadonlyArray<Gap> => {
  const byId = new Map<string, Gap>()
  for (const gap of said) if (gap.revision >= (byId.get(gap.id)?.revision ?? -Infinity)) byId.set(gap.id, gap)
  return [...byId.values()]
}

const foldGaps = (known: Known, said: ReadonlyArray<Gap>): Pick<Known, "gaps" | "settled"> => {
  if (said.length === 0) return { gaps: known.gaps, settled: known.settled }
  const unsettled = new Map(known.gaps.map((gap) => [gap.id, gap]))
  const settled = new Map(known.settled.map(({ id, revision }) => [id, revision]))
  for (const gap of said) {
    const { id, revision, status } = gap
    if (revision < (unsettled.get(id)?.revision ?? settled.get(id) ?? -Infinity)) continue
    if (status === "open" || status === "missing") {
      settled.delete(id)
      unsettled.set(id, gap)
    } else {
      unsettled.delete(id)
      settled.set(id, revision)
    }
  }
  return {
    gaps: bounded([...unsettled.values()]),
    settled: [...settled].slice(-gapsKept).map(([id, revision]) => ({ id, revision }))
  }
}

/** The newest of `gaps`, which are in the order in which they were found; those that are still open stay first of all. */
const bounded = (gaps: ReadonlyArray<Gap>): ReadonlyArray<Gap> => {
  if (gaps.length <= gapsKept) return gaps
  const open = gaps.filter(({ status }) => status === "open").slice(-gapsKept)
  const room = gapsKept - open.length
  const ended = room === 0 ? [] : gaps.filter(({ status }) => status !== "open").slice(-room)
  const kept = new Set([...open, ...ended])
  return gaps.filter((gap) => kept.has(gap))
}
