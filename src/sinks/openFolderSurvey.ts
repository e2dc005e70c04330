import { Effect, type FileSystem, type Path } from "effect"
import { crc32 } from "node:zlib"
import * as CheckpointLog from "./CheckpointLog.ts"
import * as checkpointRecord from "./checkpointRecord.ts"
import { columns } from "./columns.ts"
import * as fileNames from "./fileNames.ts"
import { reaches, wholePages } from "./filePages.ts"
import type { Oddity } from "./Quarantine.ts"
import { readableNames } from "./readableNames.ts"
import * as recordFrame from "./recordFrame.ts"
import { readInto } from "./readInto.ts"
import { readWhole } from "./readWhole.ts"

/** An open file that can be finished: it ends with the last of `groups`, of which the disk has every byte. */
export interface Unfinished {
  readonly kind: "unfinished"
  readonly path: string
  readonly about: checkpointRecord.FileRecord
  readonly groups: ReadonlyArray<checkpointRecord.GroupRecord>
  /** Why it is to be kept in a copy as well; null when nothing is wrong with it. */
  readonly damage: string | null
  /** Whether there were row groups in it that nobody has. */
  readonly lost: boolean
  /** Whether something stands behind the last row group or checkpoint: of a write that was cut short, or of more that the disk has lost. */
  readonly more: boolean
}

/** Checkpoints of a file that was given its final name. */
export interface Moved {
  readonly kind: "moved"
  readonly checkpoints: string
  /** Null where it cannot be read. */
  readonly about: checkpointRecord.FileRecord | null
  readonly groups: ReadonlyArray<checkpointRecord.GroupRecord>
}

/** Checkpoints of a file that is gone although it had not been given its final name. */
export interface Vanished extends Omit<Moved, "kind"> {
  readonly kind: "vanished"
}

/** What was left before the first row group was written, to be removed in this order: nothing is in it. */
export interface Empty {
  readonly kind: "empty"
  readonly paths: ReadonlyArray<string>
}

/** What is to be set aside, in this order. */
export interface Odd {
  readonly kind: "odd"
  /** Whether rows go with it that nobody has. */
  readonly lost: boolean
  readonly oddities: ReadonlyArray<Oddity>
}

export type Finding = Unfinished | Moved | Vanished | Empty | Odd

/** What stands in the folder of open files, one finding a file and its checkpoints; reads only. */
export const survey = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: Path.Path, folder: string) {
  const { names: readable, oddities } = yield* readableNames(fs, path, folder)
  const names = new Set(readable)
  const findings: Array<Finding> = []
  const files = new Set<string>()
  for (const oddity of oddities) {
    const name = path.basename(oddity.path)
    const file = CheckpointLog.fileOf(name) ?? name
    // Checkpoints go first: alone they would say that their file was sealed or removed.
    const companions = [CheckpointLog.pathOf(file), file].filter((companion) => names.delete(companion))
    const { kind, reason } = oddity
    const setAside = companions.map((companion) => ({ path: path.join(folder, companion), kind, reason }))
    findings.push({ kind: "odd", lost: setAside.length > 0, oddities: [...setAside, oddity] })
  }
  for (const name of names) {
    const file = name.endsWith(rewritten) ? name.slice(0, -rewritten.length) : CheckpointLog.fileOf(name) ?? name
    if (fileNames.parseOpenName(file) === null) findings.push(foreign(path.join(folder, name)))
    else if (name.endsWith(rewritten)) findings.push({ kind: "empty", paths: [path.join(folder, name)] })
    else files.add(file)
  }
  for (const file of [...files].toSorted()) {
    const filePath = path.join(folder, file)
    const hasCheckpoints = names.has(CheckpointLog.pathOf(file))
    findings.push(
      names.has(file) ? yield* surveyFile(fs, filePath, hasCheckpoints) : yield* surveyAlone(fs, filePath)
    )
  }
  return findings
})

/** How checkpoints are called while they are written anew. */
export const rewritten = ".groups.new"

const foreign = (path: string): Odd => ({
  kind: "odd",
  lost: false,
  oddities: [{
    path,
    kind: "foreign",
    reason: "This is no file that ticklake makes here. Put it where it belongs, or delete it."
  }]
})

interface Checkpoints {
  readonly about: checkpointRecord.FileRecord | null
  readonly groups: ReadonlyArray<checkpointRecord.GroupRecord>
  /** True when the file may have been given its final name. */
  readonly sealing: boolean
  /** True when something stands between records that is none. */
  readonly damaged: boolean
  /** True when something stands behind the last record that is none. */
  readonly torn: boolean
}

const readCheckpoints = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: string) {
  const bytes = yield* readWhole(fs, path)
  const { magic, magicWithoutSealing } = checkpointRecord
  const head = bytes.subarray(0, magic.length)
  const silent = head.equals(magicWithoutSealing)
  const intact = silent || head.equals(magic)
  const scan = recordFrame.scan(bytes, intact ? magic.length : 0)
  const records = scan.frames.map(({ body }) => checkpointRecord.decode(body))
  const checkpoints: Checkpoints = {
    about: records.find((record) => record?.kind === "file") ?? null,
    groups: records.filter((record) => record?.kind === "group"),
    sealing: silent || records.some((record) => record?.kind === "sealing"),
    damaged: scan.damaged || !intact || records.includes(null),
    torn: scan.brokenAt !== null
  }
  return checkpoints
})

const surveyAlone = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, filePath: string) {
  const checkpoints = CheckpointLog.pathOf(filePath)
  const { about, groups, sealing } = yield* readCheckpoints(fs, checkpoints)
  const finding: Finding = groups.length > 0
    ? { kind: sealing ? "moved" : "vanished", checkpoints, about, groups }
    : { kind: "empty", paths: [checkpoints] }
  return finding
})

const surveyFile = Effect.fnUntraced(
  function*(fs: FileSystem.FileSystem, filePath: string, hasCheckpoints: boolean) {
    const odd = (reason: string): Finding => ({
      kind: "odd",
      lost: true,
      // The checkpoints go first: alone they would say that the file was sealed or removed.
      oddities: [...(hasCheckpoints ? [CheckpointLog.pathOf(filePath)] : []), filePath].map((path) => ({
        path,
        kind: "openFile",
        reason:
          `${reason} Rows of it that the journal still has are in sealed files; delete it, or keep it to look into.`
      }))
    })
    if (!hasCheckpoints) {
      return odd(
        "This open file has no checkpoints beside it (.groups), so that nothing in it can be told from garbage."
      )
    }
    const { about, damaged, groups, torn } = yield* readCheckpoints(fs, CheckpointLog.pathOf(filePath))
    if (about === null) return odd("The checkpoints of this open file cannot be read, and with them the file itself.")
    if (groups.length === 0 && !damaged) {
      // The second row group is not begun before the checkpoints tell of the first.
      const most = columns[about.series.dataType].length
      if ((yield* wholePages(fs, filePath, most + 1)) > most) {
        return odd("The checkpoints of this open file do not tell of the row groups that are in it.")
      }
      const empty: Finding = { kind: "empty", paths: [filePath, CheckpointLog.pathOf(filePath)] }
      return empty
    }
    const whole = yield* wholeGroups(fs, filePath, groups)
    if (whole.length === 0) return odd("No row group of this open file has the bytes that were written.")
    const lost = groups.length - whole.length
    const unfinished: Finding = {
      kind: "unfinished",
      path: filePath,
      about,
      groups: whole,
      more: torn || (yield* reaches(fs, filePath, Math.max(...groups.map(({ to }) => to)))),
      lost: lost > 0 || damaged,
      damage: lost === 0 && !damaged ?
        null :
        `This open file is damaged: ${
          lost > 0 ? `${lost} of its ${groups.length} row groups do` : "a part of its checkpoints does"
        } not have the bytes that were written. What is whole is in a sealed file; delete it, or keep it to look into.`
    }
    return unfinished
  }
)

/** Those of `groups` whose bytes are those that were written. */
const wholeGroups = (
  fs: FileSystem.FileSystem,
  path: string,
  groups: ReadonlyArray<checkpointRecord.GroupRecord>
) =>
  Effect.scoped(Effect.gen(function*() {
    const file = yield* fs.open(path, { flag: "r" })
    const whole: Array<checkpointRecord.GroupRecord> = []
    for (const group of groups) {
      const bytes = Buffer.allocUnsafe(group.to - group.from)
      if ((yield* readInto(file, bytes, group.from)) === bytes.length && crc32(bytes) === group.crc) whole.push(group)
    }
    return whole
  }))
