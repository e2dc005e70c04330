import { Effect, Schema } from "effect"
import { hourOf } from "../../completeness/Span.ts"
import { Gap } from "../../domain/Gap.ts"
import { between, type GapIds } from "../../domain/GapIds.ts"
import { column } from "../../sinks/columns.ts"
import { integerAt, readColumn, texts } from "../../sinks/columnValues.ts"
import { type FileDetail, type FileFacts, type GroupFacts, readFacts } from "../../sinks/fileFacts.ts"
import { decoded, type FileBytes, unsound, UnsoundFile } from "../../sinks/footer.ts"

/** What a file certifies of itself and of the one before it. */
export interface Certificate {
  readonly rule: string | null
  /** Holes in the venue's numbers; null where nobody could count them. */
  readonly gaps: number | null
  /** Gaps of any cause; null where it does not say. */
  readonly newGaps: ReadonlyArray<GapIds> | null
  readonly previousFile: string
  readonly previousSha256: string
  /** Whether the disk did not give back all of it, or a whole file before it. */
  readonly damaged: boolean
}

/** What one file has to say about coverage. */
export interface FileReport {
  readonly facts: FileFacts
  /** Null for files of versions that made none. */
  readonly certificate: Certificate | null
  readonly rowsByHour: ReadonlyMap<number, number>
  /** Of a file of gaps: how each stood at the end of the file. */
  readonly gaps: ReadonlyMap<string, Gap>
}

/** The ids of none are empty. */
const newGapsOf = (metadata: FileDetail["metadata"]): ReadonlyArray<GapIds> | null => {
  const first = metadata["ticklake.first_gap"]
  const last = metadata["ticklake.last_gap"]
  if (first === undefined || last === undefined) return null
  if (first === "" && last === "") return []
  const gaps = between(first, last)
  return gaps === null ? null : [gaps]
}

const certificateOf = ({ metadata }: FileDetail): Certificate | null => {
  const previousFile = metadata["ticklake.previous_file"]
  if (previousFile === undefined) return null
  const gaps = metadata["ticklake.gaps"]
  return {
    rule: metadata["ticklake.rule"] ?? null,
    gaps: gaps === undefined ? null : Number(gaps),
    newGaps: newGapsOf(metadata),
    previousFile,
    previousSha256: metadata["ticklake.previous_sha256"] ?? "",
    damaged: metadata["ticklake.damage"] !== undefined
  }
}

const withoutColumn = (name: string) => unsound(`it has no column ${name}`)

/** Counts the rows of each hour: by the footer where it tells, otherwise by the rows themselves. */
const countRows = Effect.fnUntraced(function*<E>(file: FileBytes<E>, groups: ReadonlyArray<GroupFacts>) {
  const counts = new Map<number, number>()
  const add = (hour: number, rows: number) => void counts.set(hour, (counts.get(hour) ?? 0) + rows)
  for (const { chunk, firstReceived, lastReceived, rows } of groups) {
    if (hourOf(firstReceived) === hourOf(lastReceived)) {
      add(hourOf(firstReceived), rows)
      continue
    }
    const received = chunk(column.timestampCollector.name)
    if (received === null) return yield* withoutColumn(column.timestampCollector.name)
    const { values } = yield* readColumn(file, received)
    for (let row = 0; row < values.length / 8; row++) add(hourOf(integerAt(values, row)), 1)
  }
  return counts
})

const decodeGap = Schema.decodeUnknownEffect(Schema.fromJsonString(Gap))

/** Keeps of each gap what was said last. */
export const keepNewest = (known: Map<string, Gap>, gap: Gap): void => {
  const before = known.get(gap.id)
  if (before === undefined || before.revision < gap.revision) known.set(gap.id, gap)
}

const readGaps = Effect.fnUntraced(function*<E>(file: FileBytes<E>, groups: ReadonlyArray<GroupFacts>) {
  const gaps = new Map<string, Gap>()
  for (const { chunk } of groups) {
    const data = chunk(column.data.name)
    if (data === null) return yield* withoutColumn(column.data.name)
    const { values } = yield* readColumn(file, data)
    for (const text of yield* decoded(`the column ${column.data.name}`, () => texts(values))) {
      const gap = yield* Effect.mapError(
        decodeGap(text),
        ({ message }) =>
          new UnsoundFile({ problem: `one of its gaps cannot be understood: ${message}`, readable: null })
      )
      keepNewest(gaps, gap)
    }
  }
  return gaps
})

/** Reads what a file says of hours, of the file before it, and of gaps. */
export const readFile = Effect.fnUntraced(function*<E>(file: FileBytes<E>) {
  const { detail, facts } = yield* readFacts(file)
  const tellsOfGaps = facts.dataType === "gap"
  const report: FileReport = {
    facts,
    certificate: certificateOf(detail),
    rowsByHour: tellsOfGaps ? new Map() : yield* countRows(file, detail.groups),
    gaps: tellsOfGaps ? yield* readGaps(file, detail.groups) : new Map()
  }
  return report
})
