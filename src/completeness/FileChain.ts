import type { Span } from "./Span.ts"

/** What a file says of the one before it, and what its rows can show. */
export interface Link {
  /** Empty for the first file of a series. */
  readonly previousFile: string
  readonly previousSha256: string
  /** False where the venue numbers nothing that could show a hole. */
  readonly provable: boolean
  /** Whether it says that the disk did not give back all of it, or a whole file before it. */
  readonly damaged: boolean
}

/** A file of a series, as far as the chain is concerned. Times are microseconds since the epoch. */
export interface ChainedFile {
  /** As other files name it. */
  readonly path: string
  readonly firstReceived: number
  readonly lastReceived: number
  /** Null for a file that says nothing, as those before version 0.4. */
  readonly link: Link | null
  /** Of the whole file; null where it is not known. */
  readonly sha256: string | null
  /** False where its pages were found not to have the bytes that were written. */
  readonly sound: boolean
}

/** A place where the chain does not hold. */
export interface Break {
  /** The file that shows it; null where none does. */
  readonly file: string | null
  /** What it names, or what cannot be read. */
  readonly previous: string
  /**
   * - `missing`: the file before is not there
   * - `changed`: it is there with other bytes
   * - `unreadable`: it is there and cannot be read, or not all of it
   * - `forked`: another file names it too
   * - `uncovered`: there are files before, and none of them is named
   * - `damaged`: it says itself that rows are lost, of it or of a file before it
   */
  readonly reason: "missing" | "changed" | "unreadable" | "forked" | "uncovered" | "damaged"
  /** Where rows may have been that nobody has. */
  readonly span: Span
}

/** What the files of a series say of time, taken together. */
export interface Chain {
  /** Oldest first. */
  readonly files: ReadonlyArray<ChainedFile>
  /** For each file, in the same order, the time it speaks for: from the end of the one before, where it is that one's successor. */
  readonly covered: ReadonlyArray<Span>
  /** Time that is spoken for, though nothing can be proven of it. */
  readonly unproven: ReadonlyArray<Span>
  readonly breaks: ReadonlyArray<Break>
}

/** What is known of files that a chain names and that were not read. */
export interface Unread {
  /** It lies where nobody has looked, so that nothing follows from its absence. */
  readonly elsewhere: (path: string) => boolean
  readonly unreadable: (path: string) => boolean
}

const dayMicros = 86_400_000_000

/** When the first row of a file was received, by its name, to the millisecond; null for a name of another form. */
export const beginningOf = (path: string): number | null => {
  const millis = /(?:^|\/)(\d{1,16})\.parquet$/.exec(path)?.[1]
  return millis === undefined ? null : Number(millis) * 1000
}

/** Where the rows of a missing file were, before `next`: from its beginning on, and on the same day, for no file spans midnight. */
const whereabouts = (path: string, next: number): Span => {
  const from = Math.min(beginningOf(path) ?? next, next)
  return { from, to: Math.min(next, (Math.floor(from / dayMicros) + 1) * dayMicros) }
}

/** Follows the links of the files of one series. */
export const follow = (series: ReadonlyArray<ChainedFile>, unread: Unread): Chain => {
  const files = series.toSorted((a, b) => a.firstReceived - b.firstReceived || (a.path < b.path ? -1 : 1))
  const byPath = new Map(files.map((file) => [file.path, file]))
  const followers = Map.groupBy(files, ({ link }) => link?.previousFile ?? "")
  const covered: Array<Span> = []
  const unproven: Array<Span> = []
  const breaks: Array<Break> = []

  const judge = (file: ChainedFile, before: ChainedFile | undefined): Span => {
    const { firstReceived, lastReceived, link, path } = file
    // The moment of the last row is a part of it.
    const from = (moment: number): Span => ({ from: Math.min(moment, firstReceived), to: lastReceived + 1 })
    const sinceBefore = () => {
      if (before !== undefined) unproven.push({ from: Math.min(before.lastReceived, firstReceived), to: firstReceived })
    }
    if (link === null) return from(before?.lastReceived ?? firstReceived)
    const { previousFile, previousSha256 } = link
    if (previousFile === "") {
      if (before !== undefined && before.link === null) sinceBefore()
      return from(firstReceived)
    }
    // None of them can be told from the one that a recorder wrote which had forgotten the other.
    if ((followers.get(previousFile)?.length ?? 0) > 1) {
      breaks.push({
        file: path,
        previous: previousFile,
        reason: "forked",
        span: from(before?.lastReceived ?? firstReceived)
      })
    }
    const previous = byPath.get(previousFile)
    if (previous === undefined) {
      if (unread.elsewhere(previousFile)) {
        sinceBefore()
        return from(firstReceived)
      }
      const span = whereabouts(previousFile, firstReceived)
      const reason = unread.unreadable(previousFile) ? "unreadable" : "missing"
      breaks.push({ file: path, previous: previousFile, reason, span })
      return from(span.to)
    }
    if (previous.sha256 !== null && previous.sha256 !== previousSha256) {
      const span = { from: Math.min(previous.firstReceived, firstReceived), to: firstReceived }
      breaks.push({ file: path, previous: previousFile, reason: "changed", span })
      return from(firstReceived)
    }
    return from(previous.lastReceived)
  }

  files.forEach((file, index) => {
    if (file.link?.damaged === true) {
      // Wherever in it they were, or at its ends.
      const from = Math.min(files[index - 1]?.lastReceived ?? file.firstReceived, file.firstReceived)
      const to = Math.max(files[index + 1]?.firstReceived ?? 0, file.lastReceived + 1)
      breaks.push({ file: file.path, previous: "", reason: "damaged", span: { from, to } })
    }
    if (!file.sound) {
      const span = { from: file.firstReceived, to: file.lastReceived + 1 }
      breaks.push({ file: null, previous: file.path, reason: "unreadable", span })
    }
    const span = judge(file, files[index - 1])
    covered.push(span)
    if (file.link?.provable !== true) unproven.push(span)
  })
  return { files, covered, unproven, breaks }
}
