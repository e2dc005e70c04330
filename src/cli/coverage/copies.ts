import { beginningOf } from "../../completeness/FileChain.ts"
import { utcDate } from "../../sinks/fileNames.ts"
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

/** How much of a file's path is what recorders give it. The folder counts more: they give a later name where two would be the same. */
const rankOf = ({ path, report: { facts } }: Read): number => {
  const millis = Math.floor(facts.firstReceived / 1000)
  const series = facts.homeServer === null ? facts.feed : `${facts.feed}/${facts.homeServer}`
  const name = path.slice(path.lastIndexOf("/") + 1)
  const isInFolder = `/${path}`.endsWith(`/${series}/${utcDate(millis)}/${name}`)
  return (isInFolder ? 2 : 0) + (beginningOf(path) === millis * 1000 ? 1 : 0)
}

/** Of files that look alike those that are copies, each with the one that it is a copy of: that which is where recorders put it. */
export const copiesOf = <File extends Read>(
  alike: ReadonlyArray<ReadonlyArray<File>>,
  sha256Of: (path: string) => string | undefined
): ReadonlyMap<File, File> => {
  const copies = new Map<File, File>()
  for (const files of alike) {
    const bestFirst = files.toSorted((a, b) => rankOf(b) - rankOf(a))
    const originals = new Map<string, File>()
    for (const file of bestFirst) {
      const sha256 = sha256Of(file.path)
      if (sha256 === undefined) continue
      const original = originals.get(sha256)
      if (original === undefined) originals.set(sha256, file)
      else copies.set(file, original)
    }
  }
  return copies
}
