import { beginningOf } from "../../completeness/FileChain.ts"
import { utcDate } from "../../sinks/fileNames.ts"
import type { FileFacts } from "../../sinks/fileFacts.ts"

/** A file, as far as another one may be its copy. */
interface Read {
  /** As `pathOf` tells it. */
  readonly path: string
  readonly facts: FileFacts
}

const likeness = ({ facts: { bytes, feed, firstReceived, homeServer, lastReceived, rows } }: Read): string =>
  [feed, homeServer, bytes, rows, firstReceived, lastReceived].join(" ")

/** Files whose footers say the same, so that their bytes may be the same: only those need to be compared. */
export const lookalikes = <File extends Read>(files: ReadonlyArray<File>): ReadonlyArray<ReadonlyArray<File>> =>
  Array.from(Map.groupBy(files, likeness).values()).filter((alike) => alike.length > 1)

/** Each file under one path once: one that is just being moved is in two folders. */
export const oncePerPath = <File extends Read>(files: ReadonlyArray<File>): ReadonlyArray<File> =>
  Array.from(Map.groupBy(files, (file) => `${likeness(file)} ${file.path}`).values())
    .flatMap(([first]) => first ?? [])

/** How much of a file's path is what recorders give it. The folder counts more: they give a later name where two would be the same. */
const rankOf = ({ facts, path }: Read): number => {
  const millis = Math.floor(facts.firstReceived / 1000)
  const series = facts.homeServer === null ? facts.feed : `${facts.feed}/${facts.homeServer}`
  const name = path.slice(path.lastIndexOf("/") + 1)
  const isInFolder = `/${path}`.endsWith(`/${series}/${utcDate(millis)}/${name}`)
  return (isInFolder ? 2 : 0) + (beginningOf(path) === millis * 1000 ? 1 : 0)
}

/** Of files that look alike those that are copies, each with the one that it is a copy of: that which is where recorders put it. */
export const copiesOf = <File extends Read>(
  alike: ReadonlyArray<ReadonlyArray<File>>,
  digests: ReadonlyMap<File, string>
): ReadonlyMap<File, File> => {
  const copies = new Map<File, File>()
  for (const files of alike) {
    const bestFirst = files.toSorted((a, b) => rankOf(b) - rankOf(a))
    const originals = new Map<string, File>()
    for (const file of bestFirst) {
      const sha256 = digests.get(file)
      if (sha256 === undefined) continue
      const original = originals.get(sha256)
      if (original === undefined) originals.set(sha256, file)
      else copies.set(file, original)
    }
  }
  return copies
}

/** What is said of a copy. */
export const copyOf = ({ path }: Read): string => `it is a copy of ${path}`
