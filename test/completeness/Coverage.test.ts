import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import {
  type CoverageClass,
  coverageClasses,
  coverageOf,
  type CoveredFile,
  type Evidence,
  type FeedCoverage,
  type Range
} from "../../src/completeness/Coverage.ts"
import { hourOf, startOfHour } from "../../src/completeness/Span.ts"
import type { Gap } from "../../src/domain/Gap.ts"

const minute = 60_000_000
const hour = 60 * minute
/** 2026-03-14T00:00:00Z. */
const midnight = Date.UTC(2026, 2, 14) * 1000
const firstHour = hourOf(midnight)

const pathOf = (micros: number) =>
  `okx/btcusdt/trade/${new Date(micros / 1000).toISOString().slice(0, 10)}/${Math.floor(micros / 1000)}.parquet`
const digestOf = (path: string) => `digest of ${path}`

interface Piece {
  /** Minutes after midnight. */
  readonly from: number
  readonly to: number
}

/** A file with one row at each end. */
const file = ({ from, to }: Piece, previous: CoveredFile | null, over: Partial<CoveredFile> = {}): CoveredFile => {
  const firstReceived = midnight + from * minute
  const lastReceived = midnight + to * minute
  const rowsByHour = new Map([[hourOf(firstReceived), 1]])
  rowsByHour.set(hourOf(lastReceived), (rowsByHour.get(hourOf(lastReceived)) ?? 0) + 1)
  return {
    path: pathOf(firstReceived),
    firstReceived,
    lastReceived,
    rowsByHour,
    gaps: 0,
    newGaps: null,
    link: {
      previousFile: previous?.path ?? "",
      previousSha256: previous?.sha256 ?? "",
      provable: true,
      damaged: false
    },
    sha256: digestOf(pathOf(firstReceived)),
    sound: true,
    ...over
  }
}

/** Files each of which follows on the one before. */
const chained = (pieces: ReadonlyArray<Piece>, over: Partial<CoveredFile> = {}): ReadonlyArray<CoveredFile> => {
  const files: Array<CoveredFile> = []
  for (const piece of pieces) files.push(file(piece, files.at(-1) ?? null, over))
  return files
}

const withoutNumbers = (file: CoveredFile): CoveredFile => ({
  ...file,
  link: file.link === null ? null : { ...file.link, provable: false }
})

const damaged = (file: CoveredFile): CoveredFile => ({
  ...file,
  link: file.link === null ? null : { ...file.link, damaged: true }
})

const gap = (opened: number, closed: number | null, over: Partial<Gap> = {}): Gap => ({
  id: `gap-${opened}`,
  revision: 0,
  dataType: "trade",
  cause: "disconnected",
  status: closed === null ? "open" : "missing",
  openedMicros: midnight + opened * minute,
  closedMicros: closed === null ? null : midnight + closed * minute,
  firstMissingId: null,
  lastMissingId: null,
  missing: 10,
  recovered: 0,
  connectionBefore: 1,
  connectionAfter: 2,
  ...over
})

const whole: Range = { from: null, to: null, newest: midnight + 3000 * minute }

const cover = (evidence: Partial<Evidence>, range: Partial<Range> = {}): FeedCoverage =>
  coverageOf({
    files: [],
    gaps: [],
    ledgerKnown: true,
    ledgerFound: true,
    ledgerBreaks: [],
    unreadable: new Map(),
    elsewhere: () => false,
    ...evidence
  }, { ...whole, ...range })

/** The class of each hour after midnight that something is said of. */
const classes = ({ hours }: FeedCoverage): Record<number, CoverageClass> =>
  Object.fromEntries(hours.map((each) => [each.hour - firstHour, each.class]))

const at = (minutes: number) => midnight + minutes * minute

describe("Coverage", () => {
  it("of an unbroken chain without gaps is proven, in hours without rows too", () => {
    const coverage = cover({ files: chained([{ from: 10, to: 50 }, { from: 190, to: 200 }]) })
    assert.deepStrictEqual(classes(coverage), { 0: "proven", 1: "proven", 2: "proven", 3: "proven" })
    assert.deepStrictEqual(coverage.hours.map(({ rows }) => rows), [2, 0, 0, 2])
    assert.deepStrictEqual(coverage.hours.map(({ complete }) => complete), [100, 100, 100, 100])
    assert.strictEqual(coverage.complete, 100)
  })

  it("of an hour in which one row alone was received, as it began, is that of its file", () => {
    const files = chained([{ from: 0, to: 50 }, { from: 120, to: 120 }])
    assert.deepStrictEqual(classes(cover({ files: files.map(withoutNumbers) }))[2], "not provable")
    assert.deepStrictEqual(classes(cover({ files }))[2], "proven")
  })

  it("counts what a gap within an hour leaves out, and never rounds up to all of it", () => {
    const files = chained([{ from: 0, to: 100 }], { rowsByHour: new Map([[firstHour, 99_999], [firstHour + 1, 7]]) })
    const coverage = cover({ files, gaps: [gap(5, 6, { missing: 1 })] })
    assert.deepStrictEqual(classes(coverage), { 0: "hole", 1: "proven" })
    assert.strictEqual(coverage.hours[0]?.missing, 1)
    assert.strictEqual(coverage.hours[0]?.complete, 99.99)
    assert.strictEqual(coverage.missing, 1)
    assert.strictEqual(coverage.complete, 99.99)
  })

  it("counts a gap of several hours once, and for none of them alone", () => {
    const coverage = cover({ files: chained([{ from: 0, to: 50 }, { from: 130, to: 150 }]), gaps: [gap(50, 130)] })
    assert.deepStrictEqual(classes(coverage), { 0: "hole", 1: "hole", 2: "hole" })
    assert.deepStrictEqual(coverage.hours.map(({ missing }) => missing), [null, null, null])
    assert.strictEqual(coverage.missing, 10)
    assert.strictEqual(coverage.complete, 28.57)
  })

  it("knows no percentage where some of a gap was fetched and stands in other hours", () => {
    const coverage = cover({ files: chained([{ from: 0, to: 50 }]), gaps: [gap(5, 6, { recovered: 3 })] })
    assert.strictEqual(coverage.hours[0]?.complete, null)
    assert.strictEqual(coverage.hours[0]?.missingAtLeast, 10)
  })

  it("is unexplained around a file that says that the disk did not give back all of it, or of one before it", () => {
    const files = chained([{ from: 0, to: 50 }, { from: 70, to: 110 }, { from: 190, to: 200 }, { from: 250, to: 260 }])
    const coverage = cover({ files: files.with(1, damaged(files[1]!)) })
    assert.deepStrictEqual(classes(coverage), {
      0: "unexplained",
      1: "unexplained",
      2: "unexplained",
      3: "unexplained",
      4: "proven"
    })
    assert.deepStrictEqual(coverage.breaks, [
      { file: files[1]!.path, previous: "", reason: "damaged", span: { from: at(50), to: at(190) } }
    ])
    const newest = files.with(3, damaged(files[3]!))
    assert.deepStrictEqual(classes(cover({ files: newest }))[4], "unexplained")
    assert.deepStrictEqual(classes(cover({ files: newest }))[2], "proven")
  })

  it("ends with the newest file, unless it is asked for more", () => {
    const files = chained([{ from: 0, to: 70 }])
    assert.deepStrictEqual(classes(cover({ files })), { 0: "proven", 1: "proven" })
    const asked = cover({ files }, { to: at(190) })
    assert.deepStrictEqual(classes(asked), { 0: "proven", 1: "unexplained", 2: "unexplained", 3: "unexplained" })
    assert.deepStrictEqual(asked.breaks.map(({ reason, span }) => [reason, span]), [
      ["uncovered", { from: at(70) + 1, to: at(190) }]
    ])
    assert.deepStrictEqual(classes(cover({ files }, { to: at(60) })), { 0: "proven" })
  })

  it("is a hole from an open gap on, up to the end of what is asked for or known", () => {
    const files = chained([{ from: 0, to: 70 }])
    const expected: Record<number, CoverageClass> = { 0: "proven", 1: "hole", 2: "hole" }
    assert.deepStrictEqual(classes(cover({ files, gaps: [gap(70, null)] }, { newest: at(150) })), expected)
    assert.deepStrictEqual(classes(cover({ files, gaps: [gap(70, null)] }, { to: at(180) })), expected)
  })

  it("of a feed that never delivered anything is a hole", () => {
    const never = gap(30, null, { cause: "never_subscribed", missing: null })
    const coverage = cover({ gaps: [never] }, { newest: at(90) })
    assert.deepStrictEqual(classes(coverage), { 0: "hole", 1: "hole" })
    assert.strictEqual(coverage.missing, null)
  })

  it("is not provable where the venue numbers nothing or the files certify nothing", () => {
    const [one, other] = chained([{ from: 0, to: 50 }, { from: 70, to: 80 }])
    const blind = [one!, other!].map((each) => withoutNumbers(each))
    assert.deepStrictEqual(classes(cover({ files: blind })), { 0: "not provable", 1: "not provable" })
    assert.strictEqual(cover({ files: blind }).complete, null)
    const old = chained([{ from: 0, to: 50 }, { from: 130, to: 140 }], { link: null })
    assert.deepStrictEqual(classes(cover({ files: old })), { 0: "not provable", 1: "not provable", 2: "not provable" })
    const since = [...old, ...chained([{ from: 200, to: 310 }])]
    assert.deepStrictEqual(classes(cover({ files: since })), {
      0: "not provable",
      1: "not provable",
      2: "not provable",
      3: "not provable",
      4: "proven",
      5: "proven"
    })
    const elsewhere = cover({ files: chained([{ from: 0, to: 50 }]), ledgerKnown: false })
    assert.deepStrictEqual(classes(elsewhere), { 0: "not provable" })
  })

  it("is unexplained between chains of which neither knows the other, unless a gap tells why", () => {
    const files = [...chained([{ from: 0, to: 50 }]), ...chained([{ from: 190, to: 200 }])]
    const coverage = cover({ files })
    assert.deepStrictEqual(classes(coverage), {
      0: "unexplained",
      1: "unexplained",
      2: "unexplained",
      3: "unexplained"
    })
    assert.deepStrictEqual(coverage.breaks.map(({ file, reason }) => [file, reason]), [
      [pathOf(at(190)), "uncovered"]
    ])
    const told = cover({ files, gaps: [gap(50, 190)] })
    assert.deepStrictEqual(classes(told), { 0: "hole", 1: "hole", 2: "hole", 3: "hole" })
    assert.isEmpty(told.breaks)
  })

  it("finds a file that has other bytes than its successor saw", () => {
    const [first, second] = chained([{ from: 0, to: 50 }, { from: 70, to: 80 }])
    const coverage = cover({ files: [{ ...first!, sha256: "another" }, second!] })
    assert.deepStrictEqual(classes(coverage), { 0: "unexplained", 1: "unexplained" })
    assert.deepStrictEqual(coverage.breaks.map(({ previous, reason }) => [previous, reason]), [
      [pathOf(at(0)), "changed"]
    ])
    assert.isEmpty(cover({ files: [{ ...first!, sha256: null }, second!] }).breaks)
  })

  it("is unexplained in the hours of two files that follow on the same one, and in the time before the later one", () => {
    const [first, second, third] = chained([{ from: 0, to: 50 }, { from: 70, to: 80 }, { from: 130, to: 170 }])
    const anew = file({ from: 250, to: 290 }, first!)
    const after = file({ from: 310, to: 400 }, anew)
    const coverage = cover({ files: [first!, second!, third!, anew, after] })
    assert.deepStrictEqual(coverage.breaks.map((each) => [each.reason, each.file, each.previous, each.span]), [
      ["forked", second!.path, first!.path, { from: at(50), to: at(80) + 1 }],
      ["forked", anew.path, first!.path, { from: at(170), to: at(290) + 1 }]
    ])
    assert.deepStrictEqual(classes(coverage), {
      0: "unexplained",
      1: "unexplained",
      2: "unexplained",
      3: "unexplained",
      4: "unexplained",
      5: "proven",
      6: "proven"
    })
    // Where the one that both name is not there, or lies elsewhere, they still fork.
    for (const elsewhere of [() => false, () => true]) {
      const { breaks } = cover({ files: [second!, third!, anew, after], elsewhere })
      assert.deepStrictEqual(breaks.filter(({ reason }) => reason === "forked").map((each) => each.file), [
        second!.path,
        anew.path
      ])
    }
    // As many series begin anew as processes were moved.
    assert.isEmpty(cover({ files: [first!, file({ from: 40, to: 60 }, null)] }).breaks)
  })

  it("finds a file that cannot be read, be it the last or one that another names", () => {
    const files = chained([{ from: 0, to: 50 }, { from: 70, to: 80 }, { from: 130, to: 170 }])
    const unread = (index: number) =>
      cover({
        files: files.filter((_, each) => each !== index),
        unreadable: new Map([[files[index]!.path, files[index]!.firstReceived]])
      })
    assert.deepStrictEqual(unread(1).breaks.map(({ reason }) => reason), ["unreadable"])
    assert.deepStrictEqual(unread(2).breaks.map(({ reason }) => reason), ["unreadable"])
    assert.strictEqual(classes(unread(2))[2], "unexplained")
  })

  it("is unexplained from the first to the last row of a file whose bytes are not those that were written", () => {
    const files = chained([{ from: 0, to: 50 }, { from: 130, to: 200 }])
    const coverage = cover({ files: files.with(1, { ...files[1]!, sound: false }) })
    assert.deepStrictEqual(classes(coverage), { 0: "proven", 1: "proven", 2: "unexplained", 3: "unexplained" })
    assert.deepStrictEqual(coverage.breaks, [
      { file: null, previous: files[1]!.path, reason: "unreadable", span: { from: at(130), to: at(200) + 1 } }
    ])
  })

  it("says nothing against a file that follows on one which lies elsewhere", () => {
    const [, second] = chained([{ from: 0, to: 50 }, { from: 70, to: 80 }])
    assert.deepStrictEqual(classes(cover({ files: [second!], elsewhere: () => true })), { 1: "proven" })
    // Nobody knows what was in it, so what comes before it is not proven to end where it began.
    const [first, , third] = chained([{ from: 0, to: 50 }, { from: 70, to: 80 }, { from: 130, to: 170 }])
    assert.deepStrictEqual(classes(cover({ files: [first!, third!], elsewhere: () => true })), {
      0: "not provable",
      1: "not provable",
      2: "not provable"
    })
  })

  it("takes a lost file for lost on its own day alone", () => {
    const files = chained([{ from: 0, to: 10 }, { from: 1380, to: 1390 }, { from: 1600, to: 1610 }])
    const coverage = cover({ files: files.slice(1).slice(1) })
    assert.deepStrictEqual(coverage.breaks.map(({ span }) => span), [{ from: at(1380), to: at(1440) }])
    const later = cover({ files: files.slice(2) }, { from: at(1440) })
    assert.isEmpty(later.breaks)
    assert.deepStrictEqual(classes(later), { 26: "proven" })
  })

  it("is a hole where a file counts gaps of which no record tells, and none where one does", () => {
    const files = chained([{ from: 0, to: 10 }, { from: 70, to: 80 }], { gaps: 1 })
    const coverage = cover({ files, gaps: [gap(2, 3, { status: "dismissed" })] })
    assert.deepStrictEqual(classes(coverage), { 0: "hole", 1: "hole" })
    assert.deepStrictEqual(coverage.untold.map(({ file }) => file), [pathOf(at(70))])
    assert.strictEqual(coverage.missing, null)
  })

  it("is a hole around a file that knows of a gap of which no record tells, however many of the others do", () => {
    const run = "trade-1"
    const pieces = [{ from: 0, to: 50 }, { from: 60, to: 110 }, { from: 120, to: 170 }, { from: 180, to: 230 }]
    const plain = chained(pieces, { newGaps: [] })
    const files = plain.with(1, { ...plain[1]!, gaps: 2, newGaps: [{ run, first: 3, last: 4 }] })
    const recorded = (number: string, over: Partial<Gap> = {}) => gap(105, 106, { id: `${run}-${number}`, ...over })
    const one = cover({ files, gaps: [recorded("1"), recorded("3"), recorded("3.77")] })
    assert.deepStrictEqual(classes(one), { 0: "hole", 1: "hole", 2: "hole", 3: "proven" })
    assert.deepStrictEqual(one.untold.map(({ file, gaps }) => [file, gaps]), [[pathOf(at(60)), 1]])
    assert.deepStrictEqual([one.missing, one.hours[0]?.missing, one.hours[0]?.complete], [null, null, null])
    // The gaps of another run have the same numbers.
    const other = gap(105, 106, { id: "trade-2-4" })
    assert.deepStrictEqual(cover({ files, gaps: [recorded("3"), other] }).untold.map(({ gaps }) => gaps), [1])
    const all = cover({ files, gaps: [recorded("3"), recorded("4", { status: "dismissed" })] })
    assert.deepStrictEqual(classes(all), { 0: "proven", 1: "hole", 2: "proven", 3: "proven" })
    assert.deepStrictEqual(all.untold, [])
  })

  it("goes by the holes in the numbers alone where a file says nothing of other gaps", () => {
    const files = chained([{ from: 0, to: 50 }], { gaps: 2 })
    assert.deepStrictEqual(cover({ files, gaps: [gap(5, 6)] }).untold, [])
    assert.deepStrictEqual(cover({ files }).untold.map(({ gaps }) => gaps), [2])
    // A hole in a book that is broken already is no gap of its own.
    assert.deepStrictEqual(cover({ files: chained([{ from: 0, to: 50 }], { gaps: 2, newGaps: [] }) }).untold, [])
  })

  it("is not provable around a file without a count where no ledger is, up to the end of the one after it", () => {
    const pieces = [{ from: 0, to: 50 }, { from: 70, to: 110 }, { from: 130, to: 170 }, { from: 250, to: 290 }]
    const counted = chained(pieces)
    const files = counted.with(1, { ...counted[1]!, gaps: null })
    const lost = cover({ files, ledgerFound: false })
    assert.deepStrictEqual(classes(lost), {
      0: "proven",
      1: "not provable",
      2: "not provable",
      3: "proven",
      4: "proven"
    })
    assert.isNull(lost.missing)
    assert.deepStrictEqual(classes(cover({ files, ledgerFound: false }, { from: at(120), to: at(180) })), {
      2: "not provable"
    })
    const last = cover({ files: files.slice(0, 2), ledgerFound: false })
    assert.deepStrictEqual(classes(last), { 0: "proven", 1: "not provable" })
    for (const sound of [cover({ files }), cover({ files: counted, ledgerFound: false })]) {
      assert.deepStrictEqual(new Set(Object.values(classes(sound))), new Set(["proven"]))
    }
  })

  it("is unexplained where statements about gaps were lost", () => {
    const span = { from: at(65), to: at(66) }
    const lost = [{ file: "b", previous: "a", reason: "missing" as const, span }]
    const coverage = cover({ files: chained([{ from: 0, to: 130 }]), ledgerBreaks: lost })
    assert.deepStrictEqual(classes(coverage), { 0: "proven", 1: "unexplained", 2: "proven" })
  })
})

describe("Coverage of much", () => {
  it("of ten thousand files that all count gaps, and of as many gaps, is told in a moment", () => {
    const pieces = Array.from({ length: 10_000 }, (_, index): Piece => ({ from: index * 60, to: index * 60 + 59 }))
    const gaps = pieces.map(({ from }) => gap(from + 5, from + 6))
    const started = performance.now()
    const coverage = cover({ files: chained(pieces, { gaps: 1 }), gaps })
    assert.strictEqual(coverage.hours.length, 10_000)
    assert.isTrue(coverage.hours.every((each) => each.class === "hole" && each.missing === 10))
    assert.isBelow(performance.now() - started, 5000)
  })
})

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Files one after the other: how long each is after the end of the one before, and how long itself, in minutes. */
const Pieces = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Struct({ pause: int(1, 200), length: int(0, 100) })), {
    minLength: 2,
    maxLength: 15
  }),
  (lengths) => {
    let end = 0
    return lengths.map(({ length, pause }): Piece => {
      const from = end + pause
      end = from + length
      return { from, to: end }
    })
  }
)
const AnyGap = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({
    opened: int(0, 1500),
    lasts: Schema.NullOr(int(0, 300)),
    missing: Schema.NullOr(int(1, 50)),
    status: Schema.Literals(["missing", "repaired", "dismissed"])
  })),
  ({ lasts, missing, opened, status }) =>
    gap(opened, lasts === null ? null : opened + lasts, {
      id: `${opened} ${lasts} ${missing}`,
      missing: status === "repaired" ? 0 : missing,
      ...(lasts === null ? {} : { status })
    })
)
const Gaps = Arbitrary.array(AnyGap, { maxLength: 8 })

const rank = (each: CoverageClass | undefined): number => each === undefined ? -1 : coverageClasses.indexOf(each)
const isHole = ({ status }: Gap) => status === "open" || status === "missing"

describe("Coverage of any files and gaps", () => {
  it.effect.prop(
    "has the rows of all files, and each hour once",
    [Pieces, Gaps],
    ([pieces, gaps]) =>
      Effect.sync(() => {
        const { hours, rows } = cover({ files: chained(pieces), gaps })
        assert.strictEqual(rows, pieces.length * 2)
        assert.strictEqual(hours.reduce((sum, each) => sum + each.rows, 0), rows)
        assert.strictEqual(new Set(hours.map((each) => each.hour)).size, hours.length)
      })
  )

  it.effect.prop(
    "is the same taken whole and in parts",
    [Pieces, Gaps, Arbitrary.schema(int(1, 30))],
    ([pieces, gaps, cut]) =>
      Effect.sync(() => {
        const evidence = { files: chained(pieces), gaps }
        const all = cover(evidence)
        // What is asked for beyond the last file is to be accounted for, which is another question.
        const at = startOfHour(Math.min(firstHour + cut, hourOf(midnight + pieces.at(-1)!.to * minute)))
        const one = cover(evidence, { to: at })
        const other = cover(evidence, { from: at })
        assert.deepStrictEqual(
          [...one.hours, ...other.hours],
          all.hours
        )
      })
  )

  it.effect.prop(
    "without one file that is followed by others is broken, whatever the gaps say",
    [Pieces, Gaps, Arbitrary.schema(int(0, 100))],
    ([pieces, gaps, which]) =>
      Effect.sync(() => {
        const files = chained(pieces)
        const removed = files[which % (files.length - 1)]!
        const left = cover({ files: files.filter((each) => each !== removed), gaps })
        assert.isEmpty(cover({ files, gaps }).breaks)
        assert.include(left.breaks.map(({ previous }) => previous), removed.path)
        assert.isTrue(left.hours.some((each) => each.class === "unexplained"))
      })
  )

  it.effect.prop(
    "no gap makes an hour that files speak for better",
    [Pieces, Gaps, AnyGap],
    ([pieces, gaps, added]) =>
      Effect.sync(() => {
        const files = chained(pieces)
        const before = cover({ files, gaps })
        const after = cover({ files, gaps: [...gaps, added] })
        const ranks = new Map(after.hours.map((each) => [each.hour, rank(each.class)]))
        for (const each of before.hours) assert.isAtLeast(ranks.get(each.hour) ?? -1, rank(each.class))
        const touched = hourOf(added.openedMicros)
        if (isHole(added)) assert.isAtLeast(ranks.get(touched) ?? -1, rank("hole"))
      })
  )

  it.effect.prop("what is repaired is no hole any more", [Pieces, AnyGap], ([pieces, hole]) =>
    Effect.sync(() => {
      const files = chained(pieces)
      const open: Gap = { ...hole, status: "missing", closedMicros: hole.closedMicros ?? hole.openedMicros + hour }
      const spokenFor = new Set(cover({ files }).hours.map((each) => each.hour))
      const of = (gap: Gap) => cover({ files, gaps: [gap] }).hours.filter((each) => spokenFor.has(each.hour))
      const before = of(open)
      const after = of({ ...open, revision: 1, status: "repaired", missing: 0, recovered: 10 })
      assert.deepStrictEqual(
        after.map((each) => each.class),
        before.map((each) => each.class === "hole" ? "repaired" : each.class)
      )
    }))
})
