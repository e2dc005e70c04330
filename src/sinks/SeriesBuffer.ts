import type { Row } from "../domain/Event.ts"
import type { Series } from "../domain/Series.ts"
import type { Held } from "./MemoryBudget.ts"
import type { ParquetFile } from "./ParquetFile.ts"
import type { Run } from "./JournalStream.ts"
import { RowBuffer, rowBytes } from "./RowBuffer.ts"
import { SeqRanges } from "./SeqRanges.ts"

const microsPerDay = 86_400_000_000

/** A row group with this share of what it may hold is worth being written. */
const ripeShare = 1 / 4

/** When rows go to a new row group or a new file. */
export interface Limits {
  readonly rowGroupRows: number
  readonly rowGroupBytes: number
  readonly maxFileAgeMillis: number
}

/** The rows of one file: those already in it, and those that wait, oldest first. */
export interface PendingFile {
  /** UTC day of every row, in days since the epoch. */
  readonly day: number
  /** Receive time of the first row, milliseconds since the epoch. */
  readonly firstMillis: number
  /** When the first row came to the sink, milliseconds since the epoch. */
  readonly startedAt: number
  /** The newest gap of its feed that was known by then; null where none was. */
  readonly gapBefore: string | null
  readonly groups: Array<RowBuffer>
  /** The numbers of the rows that are in it, as far as the disk has them. */
  readonly written: SeqRanges
  /** It comes after one that somebody removed, of the rows of which some may be gone. */
  readonly anew: boolean
  /** Null until the file is created. */
  file: ParquetFile | null
  /** Takes no more rows; to be sealed when none waits. */
  complete: boolean
  /** Its final path, from the moment it stands under it. */
  sealedAs: string | null
}

/** The rows of a series that are in no sealed file, split into row groups and files. Oldest file first; the last one grows. */
export class SeriesBuffer {
  readonly #series: Series
  readonly #limits: Limits
  readonly #newestGap: () => string | null
  readonly files: Array<PendingFile> = []

  constructor(series: Series, limits: Limits, newestGap: () => string | null) {
    this.#series = series
    this.#limits = limits
    this.#newestGap = newestGap
  }

  /** Bytes of memory held, used or not. */
  get heldBytes(): number {
    let bytes = 0
    for (const file of this.files) for (const group of file.groups) bytes += group.capacity
    return bytes
  }

  /** What is held, and what can be done about it. */
  get held(): Held {
    let packed = 0
    for (const file of this.files) for (const group of file.groups) packed += group.packedBytes
    const growing = this.#growing
    const ripe = growing === null || growing.rows >= this.#limits.rowGroupRows * ripeShare ||
      growing.bytes >= this.#limits.rowGroupBytes * ripeShare
    return { bytes: this.heldBytes, packed, ripe, packable: ripe ? 0 : growing.packable }
  }

  /** Rows that are in memory only. */
  get rows(): number {
    let rows = 0
    for (const file of this.files) for (const group of file.groups) rows += group.rows
    return rows
  }

  /** True when a file is to be created or sealed, or a row group to be written. */
  get due(): boolean {
    for (const file of this.files) if (file.file === null || file.complete || file.groups[0]?.frozen) return true
    return false
  }

  /** Adds a row, number `seq` of its stream, and answers where it waits. */
  add(event: Row, seq: number, nowMillis: number): RowBuffer {
    const file = this.#fileFor(event, nowMillis)
    const group = this.#put(file, event, seq)
    if (this.files.at(-1) !== file) this.files.push(file)
    return group
  }

  /** Lets every row that waits be written, however few they are. */
  freeze(): void {
    for (const file of this.files) for (const group of file.groups) group.frozen = true
  }

  /** Compresses rows that wait for more of them, as many as are `packable`. */
  pack(): void {
    this.#growing?.pack()
  }

  /** Ends the growing file. */
  complete(): void {
    this.freeze()
    for (const file of this.files) file.complete = true
  }

  /** Ends the growing file when it has reached its age. */
  expire(nowMillis: number): void {
    const file = this.files.at(-1)
    if (file !== undefined && nowMillis - file.startedAt >= this.#limits.maxFileAgeMillis) this.complete()
  }

  /** Ends `file`, which is full; the rows that still wait for it go to a file of their own. */
  split(file: PendingFile, nowMillis: number): void {
    const groups = file.groups.splice(0)
    const first = groups[0]
    if (first !== undefined) {
      const { complete, gapBefore } = file
      const rest = { ...pendingFile(file.day, first.firstMicros, nowMillis, gapBefore, groups), complete }
      this.files.splice(this.files.indexOf(file) + 1, 0, rest)
    }
    file.complete = true
  }

  /** Puts a new file in the place of `file`, for `runs`, which come first, and for the rows that wait; answers how many `runs` has. */
  beginAnew(file: PendingFile, runs: ReadonlyArray<Run>): number {
    const { complete, day, gapBefore, startedAt } = file
    const anew = pendingFile(day, 0, startedAt, gapBefore, [])
    for (const { events, first } of runs) for (const [at, event] of events.entries()) this.#put(anew, event, first + at)
    for (const group of anew.groups) group.frozen = true
    const groups = [...anew.groups, ...file.groups]
    const micros = groups[0]?.firstMicros ?? 0
    const replacement = { ...pendingFile(day, micros, startedAt, gapBefore, groups), anew: true, complete }
    this.files.splice(this.files.indexOf(file), 1, ...(groups.length === 0 ? [] : [replacement]))
    return runs.reduce((sum, { events }) => sum + events.length, 0)
  }

  /** The row group that takes the next row, unless that begins another one. */
  get #growing(): RowBuffer | null {
    const last = this.files.at(-1)?.groups.at(-1)
    return last === undefined || last.frozen ? null : last
  }

  #put(file: PendingFile, event: Row, seq: number): RowBuffer {
    const group = this.#groupFor(file, event, seq)
    // A row that cannot be kept leaves neither an empty row group nor an empty file.
    group.append(event)
    if (group.rows === 1) {
      group.firstSeq = seq
      file.groups.push(group)
    }
    group.lastSeq = seq
    if (group.rows >= this.#limits.rowGroupRows || group.bytes >= this.#limits.rowGroupBytes) group.frozen = true
    return group
  }

  /** The file that a row belongs to; not among `files` yet where it is the first of another one. */
  #fileFor(event: Row, nowMillis: number): PendingFile {
    const day = Math.floor(event.timestampCollector / microsPerDay)
    this.expire(nowMillis)
    const last = this.files.at(-1)
    if (last !== undefined && last.day === day && !last.complete) return last
    this.complete()
    return pendingFile(day, event.timestampCollector, nowMillis, this.#newestGap(), [])
  }

  #groupFor(file: PendingFile, event: Row, seq: number): RowBuffer {
    const last = file.groups.at(-1)
    if (last !== undefined && !last.frozen) {
      if (seq === last.lastSeq + 1 && last.bytes + rowBytes(event) <= this.#limits.rowGroupBytes) return last
      last.frozen = true
    }
    return new RowBuffer(this.#series)
  }
}

const pendingFile = (
  day: number,
  firstMicros: number,
  startedAt: number,
  gapBefore: string | null,
  groups: Array<RowBuffer>
): PendingFile => ({
  day,
  firstMillis: Math.floor(firstMicros / 1000),
  startedAt,
  gapBefore,
  groups,
  written: new SeqRanges(),
  anew: false,
  file: null,
  complete: false,
  sealedAs: null
})
