import { Effect, type FileSystem, type Path } from "effect"
import * as journalRecord from "./journalRecord.ts"
import * as JournalSegment from "./JournalSegment.ts"
import type { Oddity } from "./Quarantine.ts"
import { readableNames } from "./readableNames.ts"
import * as recordFrame from "./recordFrame.ts"
import { readWhole } from "./readWhole.ts"

/** One segment as it was found. */
export interface Segment {
  readonly path: string
  readonly bytes: number
  /** Bytes at its end that are no whole record, as a crash leaves them. */
  readonly tornBytes: number
  /** Why it is to be set aside once its rows are in sealed files; null when nothing is wrong with it. */
  readonly damage: string | null
}

/** Reads one segment: every record in it whose checksum holds. */
export const read = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: string) {
  const bytes = yield* readWhole(fs, path)
  const { magic } = JournalSegment
  const head = bytes.subarray(0, magic.length)
  const intact = head.equals(magic)
  // A version of 0 is what a crash leaves that came before the first byte.
  const otherVersion = !intact && head.at(-1) !== 0 && head.subarray(0, -1).equals(magic.subarray(0, -1))
  const { brokenAt, damaged, frames } = recordFrame.scan(bytes, intact ? magic.length : 0)
  const records: Array<journalRecord.JournalRecord> = []
  let unknown = 0
  for (const { body } of otherVersion ? [] : frames) {
    const record = journalRecord.decode(body)
    if (record === null) unknown++
    else records.push(record)
  }
  const segment: Segment = {
    path,
    bytes: bytes.length,
    tornBytes: brokenAt === null || damaged ? 0 : bytes.length - brokenAt,
    damage: otherVersion
      ? "This journal segment has the format of another version of ticklake: start that version once to get its rows."
      : damaged || unknown > 0 || (!intact && bytes.length > magic.length)
      ? "This journal segment is damaged. What could be read of it is in sealed files; delete it, or keep it to look into."
      : null
  }
  return { segment, records }
})

/** The paths of the segments in `folder`, oldest first, and of what is no segment. */
export const list = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: Path.Path, folder: string) {
  const { names, oddities: unreadable } = yield* readableNames(fs, path, folder)
  const foreign = names.filter((name) => !isSegment(name)).map((name): Oddity => ({
    path: path.join(folder, name),
    kind: "foreign",
    reason: "This is no file that ticklake makes here. Put it where it belongs, or delete it."
  }))
  const oddities = [...unreadable, ...foreign]
  return { paths: names.filter(isSegment).toSorted().map((name) => path.join(folder, name)), oddities }
})

const isSegment = (name: string): boolean => JournalSegment.parseFileName(name) !== null
