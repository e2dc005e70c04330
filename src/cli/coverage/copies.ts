import { beginningOf } from "../../completeness/FileChain.ts"
import type { FileReport } from "./readFile.ts"

/** A file of a series, as far as another one may be its copy. */
interface Read {
  readonly path: string
  readonly series: object
  readonly report: FileReport
}

const likeness = ({ report: { certificate, facts } }: Read): string =>
  [certificate?.previousSha256, facts.bytes, facts.rows, facts.firstReceived, facts.lastReceived].join(" ")

/** Files of one series that say the same of themselves, so that their bytes may be the same: only those need to be compared. */
export const lookalikes = <File extends Read>(files: ReadonlyArray<File>): ReadonlyArray<ReadonlyArray<File>> =>
  [...Map.groupBy(files, ({ series }) => series).values()]
    .flatMap((ofSeries) => Array.from(Map.groupBy(ofSeries, likeness).values()))
    .filter((alike) => alike.length > 1)

const hasItsName = ({ path, report }: Read): boolean =>
  beginningOf(path) === Math.floor(report.facts.firstReceived / 1000) * 1000

/** Of files that look alike those that are copies, each with the one that it is a copy of: that with the name that recorders give. */
export const copiesOf = <File extends Read>(
  alike: ReadonlyArray<ReadonlyArray<File>>,
  sha256Of: (path: string) => string | undefined
): ReadonlyMap<File, File> => {
  const copies = new Map<File, File>()
  for (const files of alike) {
    const named = files.toSorted((a, b) => Number(hasItsName(b)) - Number(hasItsName(a)))
    const originals = new Map<string, File>()
    for (const file of named) {
      const sha256 = sha256Of(file.path)
      if (sha256 === undefined) continue
      const original = originals.get(sha256)
      if (original === undefined) originals.set(sha256, file)
      else copies.set(file, original)
    }
  }
  return copies
}
