import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import type { ContinuityRule } from "../../src/domain/ContinuityRule.ts"
import type { Row } from "../../src/domain/Event.ts"
import type { Series } from "../../src/domain/Series.ts"
import { fileMetadata, footer, header } from "../../src/sinks/fileFormat.ts"
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

/** Writes the files of one series below `root`, byte for byte as the sinks do, each of which follows on the one before. */
export const recorder = (root: string, series: Series, { homeServer, rule = "consecutive" }: Options = {}) => {
  let previous: Written | null = null

  const certificate = (gaps: number): Record<string, string> => ({
    ...(series.dataType === "gap" ? {} : { "ticklake.rule": rule ?? "none" }),
    "ticklake.gaps": String(gaps),
    "ticklake.previous_file": previous?.key ?? "",
    "ticklake.previous_sha256": previous?.sha256 ?? ""
  })

  const write = async (groups: ReadonlyArray<ReadonlyArray<Row>>, gaps = 0): Promise<Written> => {
    const millis = Math.floor((groups[0]?.[0]?.timestampCollector ?? 0) / 1000)
    const date = new Date(millis).toISOString().slice(0, 10)
    const key = `${series.id}/${homeServer === undefined ? "" : `${homeServer}/`}${date}/${millis}.parquet`
    const parts: Array<Buffer> = [header]
    let at = header.length
    const metadata = []
    for (const rows of groups) {
      const buffer = new RowBuffer(series)
      for (const row of rows) buffer.append(row)
      const group = await encodeRowGroup(buffer, at, 1)
      parts.push(group.body)
      at += group.body.length
      metadata.push(group.metadata)
    }
    const about = { ...fileMetadata(series, homeServer ?? null), ...(rule === null ? {} : certificate(gaps)) }
    const bytes = Buffer.concat([...parts, footer(series.dataType, metadata, about)])
    const path = `${root}/${key}`
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
    previous = { key, path, sha256: createHash("sha256").update(bytes).digest("hex") }
    return previous
  }
  return { write }
}
