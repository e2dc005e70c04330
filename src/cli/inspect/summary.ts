import { Effect } from "effect"
import { type FileDetail, type FileFacts, readFacts } from "../../sinks/fileFacts.ts"
import { type EndIds, idsOfEnds } from "../../sinks/idsOfEnds.ts"
import { copiesOf, copyOf, lookalikes, oncePerPath } from "./copies.ts"
import { digestsOf } from "./digests.ts"
import { pathOf } from "./seriesPath.ts"
import type { Oddity, ReadFailed, Source } from "./Source.ts"

/** One file of the recorder's. */
export interface Inspected {
  readonly file: string
  /** As `pathOf` tells it. */
  readonly path: string
  readonly facts: FileFacts
  /** Null unless it is the only file: those of ten thousand would fill the memory. */
  readonly detail: FileDetail | null
  /** Null where they were not asked for. */
  readonly ids: EndIds | null
}

/** One feed of one recorder, over all its files. */
export interface FeedSummary {
  readonly facts: Pick<FileFacts, "feed" | "exchange" | "symbol" | "dataType" | "homeServer">
  readonly files: number
  readonly rows: number
  readonly rowGroups: number
  readonly bytes: number
  readonly firstReceived: number
  readonly lastReceived: number
  readonly ids: EndIds
}

/** Everything that is found in a place. */
export interface Summary {
  readonly feeds: ReadonlyArray<FeedSummary>
  readonly files: ReadonlyArray<Inspected>
  readonly problems: ReadonlyArray<Oddity>
  readonly leftOut: Source["leftOut"]
  /** Files that were there at first and are not any more. */
  readonly gone: number
}

type Looked = Inspected | Oddity | "gone"

const looked = <R>(file: string, look: Effect.Effect<Inspected, { readonly message: string } | ReadFailed, R>) =>
  Effect.match(look, {
    onSuccess: (inspected): Looked => inspected,
    onFailure: (error): Looked => "gone" in error && error.gone ? "gone" : { file, problem: error.message }
  })

/** Reads the footer of every file, and the ids where each file is to have them. */
const inspectAll = (source: Source, withIds: boolean) =>
  Effect.forEach(source.files, (file) =>
    looked(
      file,
      source.use(file, (bytes) =>
        Effect.gen(function*() {
          const { detail, facts } = yield* readFacts(bytes)
          const ids = withIds ? yield* idsOfEnds(bytes, facts.idChunks) : null
          const inspected: Inspected = {
            file,
            path: pathOf(source.address(file)),
            facts,
            detail: source.onlyFile === null ? null : detail,
            ids
          }
          return inspected
        }))
    ), { concurrency: source.filesAtATime })

/** Leaves copies out, and names them. */
const withoutCopies = Effect.fnUntraced(function*(source: Source, files: ReadonlyArray<Inspected>) {
  const once = oncePerPath(files)
  const alike = lookalikes(once)
  const { digests, problems } = yield* digestsOf(source, alike.flat(), () => true)
  const copies = copiesOf(alike, digests)
  for (const [{ file }, original] of copies) problems.push({ file, problem: copyOf(original) })
  return { originals: once.filter((each) => !copies.has(each)), problems }
})

const byFeed = (files: ReadonlyArray<Inspected>): ReadonlyArray<readonly [Inspected, ...Array<Inspected>]> => {
  const groups = new Map<string, [Inspected, ...Array<Inspected>]>()
  for (const each of files) {
    const key = `${each.facts.feed} ${each.facts.homeServer ?? ""}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [each])
    else group.push(each)
  }
  return [...groups].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, group]) => group)
}

const idsOf = (source: Source, { facts, file, ids }: Inspected) =>
  ids === null
    ? source.use(file, (bytes) => idsOfEnds(bytes, facts.idChunks))
    : Effect.succeed(ids)

/** Adds up one feed; the ids are those of its first and its last file. */
const summarize = Effect.fnUntraced(function*(source: Source, files: readonly [Inspected, ...Array<Inspected>]) {
  const first = files.reduce((a, b) => b.facts.firstReceived < a.facts.firstReceived ? b : a)
  const last = files.reduce((a, b) => b.facts.lastReceived >= a.facts.lastReceived ? b : a)
  const problems = new Map<string, Oddity>()
  const end = Effect.fnUntraced(function*(of: Inspected, which: keyof EndIds) {
    const ids = yield* Effect.result(idsOf(source, of))
    if (ids._tag === "Success") return ids.success[which]
    problems.set(of.file, { file: of.file, problem: ids.failure.message })
    return ""
  })
  const sum = (of: (facts: FileFacts) => number) => files.reduce((total, { facts }) => total + of(facts), 0)
  const ids: EndIds = { first: yield* end(first, "first"), last: yield* end(last, "last") }
  const feed: FeedSummary = {
    facts: last.facts,
    files: files.length,
    rows: sum(({ rows }) => rows),
    rowGroups: sum(({ rowGroups }) => rowGroups),
    bytes: sum(({ bytes }) => bytes),
    firstReceived: first.facts.firstReceived,
    lastReceived: last.facts.lastReceived,
    ids
  }
  return { feed, problems: [...problems.values()] }
})

/** Looks through a place; `eachFile` also reads the ids of each file. */
export const summaryOf = Effect.fnUntraced(function*(source: Source, eachFile: boolean) {
  const files: Array<Inspected> = []
  const problems = [...source.unread, ...source.oddities]
  let gone = 0
  for (const each of yield* inspectAll(source, eachFile)) {
    if (each === "gone") gone++
    else if ("facts" in each) files.push(each)
    else problems.push(each)
  }
  const { originals, problems: ofCopies } = yield* withoutCopies(source, files)
  const feeds = yield* Effect.forEach(byFeed(originals), (group) => summarize(source, group), {
    concurrency: source.filesAtATime
  })
  const summary: Summary = {
    feeds: feeds.map(({ feed }) => feed),
    files: originals,
    problems: [...problems, ...ofCopies, ...feeds.flatMap((each) => each.problems)],
    leftOut: source.leftOut,
    gone
  }
  return summary
})
