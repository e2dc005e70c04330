import { Effect } from "effect"
import type { CoveredFile } from "../../completeness/Coverage.ts"
import type { Gap } from "../../domain/Gap.ts"
import { checkBytes } from "../../sinks/sealedCheck.ts"
import { copiesOf, copyOf, lookalikes } from "../inspect/copies.ts"
import { digestsOf } from "../inspect/digests.ts"
import type { Oddity, ReadFailed, Source } from "../inspect/Source.ts"
import { type Certificate, type FileReport, keepNewest, readFile } from "./readFile.ts"
import type { Candidate } from "./selection.ts"

/** One series of one recorder, as its files tell of it. */
export interface RecordedSeries {
  readonly exchange: string
  /** Normalized. */
  readonly symbol: string
  readonly rowType: string
  readonly homeServer: string | null
  readonly files: ReadonlyArray<CoveredFile>
  /** By which the newest file can show holes; null where it says nothing. */
  readonly rule: string | null
  /** When its newest row was received, microseconds since the epoch. */
  readonly newest: number
  /** What stands before the keys: one for each archive in the place. */
  readonly bases: ReadonlySet<string>
  /** Of files of gaps alone. */
  readonly gaps: ReadonlyMap<string, Gap>
  /** Keys of files that cannot be read, with when they begin. */
  readonly unreadable: ReadonlyMap<string, number>
}

/** Everything that was read. */
export interface Archive {
  readonly series: ReadonlyArray<RecordedSeries>
  readonly problems: ReadonlyArray<Oddity>
  /** Keys of files that a recorder has moved away meanwhile. */
  readonly gone: ReadonlySet<string>
  readonly links: { readonly verified: number; readonly notVerified: number }
}

interface OpenSeries extends RecordedSeries {
  readonly files: Array<CoveredFile>
  readonly bases: Set<string>
  readonly gaps: Map<string, Gap>
  readonly unreadable: Map<string, number>
  rule: string | null
  newest: number
}

type Outcome = FileReport | { readonly problem: string } | "gone"

const read = (source: Source, { file }: Candidate) =>
  Effect.match(source.use(file, readFile), {
    onSuccess: (report): Outcome => report,
    onFailure: (error: { readonly message: string } | ReadFailed): Outcome =>
      "gone" in error && error.gone ? "gone" : { problem: error.message }
  })

const showsHoles = (rule: string | null): boolean => rule !== null && rule !== "none"

/** A file before its own digest is known. */
interface Unhashed extends FileReport {
  readonly file: string
  readonly series: OpenSeries
  readonly path: string
}

const linkOf = (certificate: Certificate | null) =>
  certificate === null ? null : {
    previousFile: certificate.previousFile,
    previousSha256: certificate.previousSha256,
    provable: showsHoles(certificate.rule),
    damaged: certificate.damaged
  }

/** Of some files those that do not have the bytes that were written, as far as a file can show that of itself, with what is wrong. */
const unsoundOf = Effect.fnUntraced(function*(source: Source, files: ReadonlyArray<Unhashed>) {
  const unsound = new Map<Unhashed, string>()
  yield* Effect.forEach(files, (each) =>
    Effect.catch(source.use(each.file, checkBytes), (error) =>
      Effect.sync(() => {
        // A recorder has moved it since its footer was read.
        if (!("gone" in error && error.gone)) unsound.set(each, error.message)
      })), { concurrency: source.digestsAtATime, discard: true })
  return unsound
})

/** Reads the chosen files of a place, and the digests of those that others name. */
export const readArchive = Effect.fnUntraced(
  function*(source: Source, candidates: ReadonlyArray<Candidate>, verify: boolean) {
    const all = new Map<string, OpenSeries>()
    const seriesOf = (exchange: string, symbol: string, rowType: string, homeServer: string | null): OpenSeries => {
      const id = `${exchange}/${symbol}/${rowType}/${homeServer ?? ""}`
      const known = all.get(id)
      if (known !== undefined) return known
      const series: OpenSeries = {
        exchange,
        symbol,
        rowType,
        homeServer,
        files: [],
        rule: null,
        newest: -Infinity,
        bases: new Set(),
        gaps: new Map(),
        unreadable: new Map()
      }
      all.set(id, series)
      return series
    }

    const problems: Array<Oddity> = [...source.unread, ...source.oddities]
    const gone = new Set<string>()
    const unhashed = new Map<string, Unhashed>()
    const take = ({ at, file }: Candidate, outcome: Outcome) => {
      if (outcome === "gone") {
        if (at !== null) gone.add(at.key)
        return
      }
      if ("problem" in outcome) {
        problems.push({ file, problem: outcome.problem })
        if (at !== null) {
          const series = seriesOf(at.exchange, at.symbol, at.rowType, at.homeServer)
          series.unreadable.set(at.key, at.beginning)
          series.bases.add(at.base)
        }
        return
      }
      const { facts } = outcome
      const [exchange = facts.exchange, symbol = ""] = facts.feed.split("/")
      const series = seriesOf(exchange, symbol, facts.dataType, facts.homeServer)
      if (at !== null) series.bases.add(at.base)
      for (const gap of outcome.gaps.values()) keepNewest(series.gaps, gap)
      const path = at?.key ?? source.address(file)
      // A file that is just being moved may be in both folders.
      if (!unhashed.has(path)) unhashed.set(path, { ...outcome, file, series, path })
    }
    yield* Effect.forEach(
      candidates,
      (candidate) => Effect.map(read(source, candidate), (outcome) => take(candidate, outcome)),
      { concurrency: source.filesAtATime, discard: true }
    )

    const named = new Set([...unhashed.values()].map(({ certificate }) => certificate?.previousFile ?? ""))
    const linked = [...unhashed.values()].filter(({ path }) => named.has(path))
    const alike = lookalikes([...unhashed.values()])
    const suspects = new Set(alike.flat())
    const hashed = yield* digestsOf(source, new Set([...linked, ...suspects]), (each) => verify || suspects.has(each))
    const { digests } = hashed
    problems.push(...hashed.problems)
    const copies = copiesOf(alike, digests)
    for (const [{ file }, original] of copies) problems.push({ file, problem: copyOf(original) })
    const files = [...unhashed.values()].filter((each) => !copies.has(each))
    // No other file names the digest of the newest one of a series; what says nothing of itself proves nothing either.
    const unnamed = files.filter(({ certificate, path }) => certificate !== null && !named.has(path))
    const unsound = yield* unsoundOf(source, verify ? unnamed : [])
    for (const [{ file }, problem] of unsound) problems.push({ file, problem })
    for (const each of files) {
      const { certificate, facts, path, rowsByHour, series } = each
      if (facts.lastReceived >= series.newest) {
        series.newest = facts.lastReceived
        series.rule = certificate?.rule ?? null
      }
      series.files.push({
        path,
        firstReceived: facts.firstReceived,
        lastReceived: facts.lastReceived,
        rowsByHour,
        gaps: certificate?.gaps ?? null,
        newGaps: certificate?.newGaps ?? null,
        link: linkOf(certificate),
        sha256: digests.get(each) ?? null,
        sound: !unsound.has(each)
      })
    }
    const verified = linked.filter((each) => digests.has(each)).length
    const archive: Archive = {
      series: [...all.values()],
      problems,
      gone,
      links: { verified, notVerified: linked.length - verified }
    }
    return archive
  }
)
