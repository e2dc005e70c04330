import { Effect } from "effect"
import type { Config } from "../../config/Config.ts"
import { shardText } from "../../domain/Shard.ts"
import { number, quantity } from "../../runtime/quantity.ts"

/** Logs which share of the feeds this process records, where several share them. */
export const logShard = ({ allFeeds, feeds, shard }: Config): Effect.Effect<void> => {
  if (shard === null) return Effect.void
  const all = quantity(allFeeds.length, "feed")
  return feeds.length === 0
    ? Effect.logWarning(
      `${
        shardText(shard)
      } has none of the ${all}: it records nothing, and waits for a configuration that gives it some. Fewer processes would do`
    )
    : Effect.logInfo(`${shardText(shard)} records ${number(feeds.length)} of ${all}`)
}
