import type { GroupRecord } from "./checkpointRecord.ts"
import * as CheckpointLog from "./CheckpointLog.ts"
import type { Finding, Odd, Unfinished } from "./openFolderSurvey.ts"
import { countRows, rangesOf, type SeqRanges } from "./SeqRanges.ts"

const keepOrDelete = "as somebody who copied files here leaves it. Delete this, or keep it to look into."

/**
 * Takes out of the open files each row group that cannot be where it is said to be: before the end of another, or with rows of
 * one that counts already. No row may get into two sealed files, whoever copied what.
 */
export const withoutContradictions = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  const claimed = new Map<number, SeqRanges>()
  for (const finding of findings) {
    if (finding.kind !== "moved") continue
    for (const group of finding.groups) rangesOf(claimed, group.stream).add(group)
  }
  return findings.map((finding) => finding.kind === "unfinished" ? judge(finding, claimed) : finding)
}

const judge = (finding: Unfinished, claimed: Map<number, SeqRanges>): Unfinished | Odd => {
  const kept: Array<GroupRecord> = []
  for (const group of finding.groups) {
    const before = kept.at(-1)
    const follows = before === undefined ||
      (group.stream === before.stream && group.first > before.last && group.from >= before.to)
    const rows = countRows([group])
    const others = rangesOf(claimed, group.stream)
    if (!follows || rows !== group.metadata.rows || countRows(others.missing(group)) !== rows) continue
    others.add(group)
    kept.push(group)
  }
  const { damage, groups, path } = finding
  const doubled = groups.length - kept.length
  if (doubled === 0) return finding
  if (kept.length === 0) {
    const reason = `All row groups of this open file are in another one too, ${keepOrDelete}`
    return {
      kind: "odd",
      lost: false,
      oddities: [CheckpointLog.pathOf(path), path].map((each) => ({ path: each, kind: "openFile", reason }))
    }
  }
  const reason = `${doubled} of the ${groups.length} row groups that the checkpoints of this open file tell of ` +
    `are there twice, ${keepOrDelete}`
  return { ...finding, groups: kept, damage: damage ?? reason }
}
