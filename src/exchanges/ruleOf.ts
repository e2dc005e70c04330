import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import * as Feed from "../domain/Feed.ts"
import type { Series } from "../domain/Series.ts"
import { registry } from "./registry.ts"

/** Where a feed is recorded from. */
interface Configured {
  readonly feed: Feed.Feed
  readonly baseUrls: ReadonlyArray<string>
}

/** How the venue's numbers show holes in a series, also in one that is not configured any more; null for series that come from no venue. */
export const ruleOf = (configured: ReadonlyArray<Configured>) => (series: Series): ContinuityRule | null => {
  if (!Feed.is(series)) return null
  const baseUrl = configured.find(({ feed }) => feed.id === series.id)?.baseUrls[0] ?? null
  return registry[series.exchange](baseUrl).channels[series.dataType].continuity
}
