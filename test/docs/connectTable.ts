import { venues } from "../../src/domain/Venue.ts"
import { registry } from "../../src/exchanges/registry.ts"

/** So many feeds of one venue in one process. */
const feeds = 500

/** How fast one process connects to each venue, as a table of Markdown. */
export const connectTable = (): string =>
  [
    `| venue | attempts of one process | ${feeds} feeds are connected after | connections are ended after |`,
    "| --- | --- | --- | --- |",
    ...venues.map((venue) => {
      const { connectAttempts: { count, perMillis }, maxLifetimeMillis } = registry[venue](null).limits
      const seconds = Math.floor((feeds - 1) / count) * perMillis / 1000
      const lifetime = maxLifetimeMillis === null ? "not documented" : `${maxLifetimeMillis / 3_600_000} hours`
      return `| ${venue} | ${count} in ${perMillis / 1000} s | ${
        Math.max(Math.ceil(seconds), feeds * 0.05)
      } s | ${lifetime} |`
    })
  ].join("\n")
