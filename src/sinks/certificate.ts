import packageJson from "../../package.json" with { type: "json" }
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import { type GapIds, idOf } from "../domain/GapIds.ts"
import type { Series } from "../domain/Series.ts"
import type { EndIds } from "./idsOfEnds.ts"
import type { RowGroup } from "./rowGroupMetadata.ts"
import type { SealedFile } from "./SeriesMemory.ts"

/** What a damaged disk took: row groups of the file, or a whole file between the one before it and itself. */
export type Damage = "row_groups" | "file_before"

/** What a sealed file says about itself beside its rows, and what of it is known only when it is finished. */
export interface Certificate {
  readonly series: Series
  readonly homeServerName: string | null
  /** Null for series that come from no venue. */
  readonly rule: ContinuityRule | null
  readonly groups: ReadonlyArray<RowGroup>
  /** Null where they could not be read. */
  readonly ends: EndIds | null
  /** What was counted while the file was written; null where that was done by a process which is no more. */
  readonly counted: {
    /** Holes in the venue's numbers. */
    readonly gaps: number
    readonly duplicates: number
    /** Gaps of any cause; null where none was found. */
    readonly newGaps: GapIds | null
  } | null
  /** What the disk did not give back of it, or of a file before it that could not be sealed; null where nothing is known to be lost. */
  readonly damage: Damage | null
  readonly finishedBy: "recorder" | "recovery"
  /** The file of the same series that was sealed before it. */
  readonly previous: SealedFile | null
}

/** What the row groups of a file show without being opened. */
export const extentOf = (groups: ReadonlyArray<RowGroup>): Record<string, string> => {
  const received = groups.flatMap((group) => group.received ?? [])
  return {
    "ticklake.rows": String(groups.reduce((sum, group) => sum + group.rows, 0)),
    "ticklake.first_received": String(received.reduce((least, { first }) => Math.min(least, first), Infinity)),
    "ticklake.last_received": String(received.reduce((most, { last }) => Math.max(most, last), -Infinity))
  }
}

const gapEnds = (gaps: GapIds | null): Record<string, string> => ({
  "ticklake.first_gap": gaps === null ? "" : idOf(gaps.run, gaps.first),
  "ticklake.last_gap": gaps === null ? "" : idOf(gaps.run, gaps.last)
})

/** The key-value metadata of a file. */
export const metadataOf = (certificate: Certificate): Record<string, string> => {
  const { counted, damage, ends, finishedBy, groups, homeServerName, previous, rule, series } = certificate
  return {
    "ticklake.version": packageJson.version,
    "ticklake.feed": series.id,
    "ticklake.exchange": series.exchange,
    // As the venue writes it: the column and the path hold the normalized one.
    "ticklake.symbol": series.symbol,
    "ticklake.data_type": series.dataType,
    ...(homeServerName === null ? {} : { "ticklake.home_server": homeServerName }),
    ...extentOf(groups),
    ...(ends === null ? {} : { "ticklake.first_id": ends.first, "ticklake.last_id": ends.last }),
    ...(rule === null ? {} : { "ticklake.rule": rule }),
    ...(counted === null ? {} : {
      "ticklake.gaps": String(counted.gaps),
      "ticklake.duplicates_dropped": String(counted.duplicates),
      ...gapEnds(counted.newGaps)
    }),
    ...(damage === null ? {} : { "ticklake.damage": damage }),
    "ticklake.finished_by": finishedBy,
    "ticklake.previous_file": previous?.path ?? "",
    "ticklake.previous_sha256": previous?.sha256 ?? ""
  }
}
