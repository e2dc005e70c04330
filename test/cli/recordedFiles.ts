import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import type { ContinuityRule } from "../../src/domain/ContinuityRule.ts"
import type { Row } from "../../src/domain/Event.ts"
import type { GapIds } from "../../src/domain/GapIds.ts"
import type { Series } from "../../src/domain/Series.ts"
import { metadataOf } from "../../src/sinks/certificate.ts"
import { footer, header } from "../../src/sinks/fileFormat.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { encodeRowGroup } from "../../src/sinks/rowGroupEncoder.ts"

export interface Written {
  /** As certificates name it. */
  readonly key: string
  readonly path: string
  readonly sha256: string
}

export interface Options {
  readonly homeServer?: string
  /** Null for files of a version that certified nothing. */
  readonly rule?: ContinuityRule | null
}

/** What files said of themselves before they certified anything. */
const oldKeys = ["version", "feed", "exchange", "symbol", "data_type"].map((name) => `ticklake.${name}`)

/** Writes the files of one series below `root`, byte for byte as the sinks do, each of which follows on the one before. */
export const recorder = (root: string, series: Series, { homeServer, rule = "consecutive" }: Options = {}) => {
  let previous: Written | null = null

  /** `gaps` are null for a file that a start after a crash finished, `newGaps` undefined for one of a version that did not say them. */
  const write = async (
    groups: ReadonlyArray<ReadonlyArray<Row>>,
    gaps: number | null = 0,
    newGaps?: GapIds | null
  ): Promise<Written> => {
    const millis = Math.floor((groups[0]?.[0]?.timestampCollector ?? 0) / 1000)
    const date = new Date(millis).toISOString().slice(0, 10)
    const key = `${series.id}/${homeServer === undefined ? "" : `${homeServer}/`}${date}/${millis}.parquet`
    const parts: Array<Buffer> = [header]
    let at = header.length
    const rowGroups = []
    for (const rows of groups) {
      const buffer = new RowBuffer(series)
      for (const row of rows) buffer.append(row)
      const group = await encodeRowGroup(buffer, at, 1)
      parts.push(group.body)
      at += group.body.length
      rowGroups.push(group.metadata)
    }
    const { "ticklake.first_gap": firstGap, "ticklake.last_gap": lastGap, ...others } = metadataOf({
      series,
      homeServerName: homeServer ?? null,
      rule: series.dataType === "gap" ? null : rule,
      groups: rowGroups,
      ends: null,
      counted: gaps === null ? null : { gaps, duplicates: 0, newGaps: newGaps ?? null },
      damage: null,
      finishedBy: gaps === null ? "recovery" : "recorder",
      previous: previous === null ? null : { path: previous.key, sha256: previous.sha256 }
    })
    const said = firstGap === undefined || lastGap === undefined || newGaps === undefined
      ? {}
      : { "ticklake.first_gap": firstGap, "ticklake.last_gap": lastGap }
    const metadata: Record<string, string> = { ...others, ...said }
    const about = rule === null ? Object.fromEntries(oldKeys.map((key) => [key, metadata[key] ?? ""])) : metadata
    const bytes = Buffer.concat([...parts, footer(series.dataType, rowGroups, about)])
    const path = `${root}/${key}`
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
    previous = { key, path, sha256: createHash("sha256").update(bytes).digest("hex") }
    return previous
  }
  /** As a recorder does whose memory of a time when `file` was the newest was put back. */
  const remember = (file: Written) => {
    previous = file
  }
  return { write, remember }
}
