import type { Feed } from "../domain/Feed.ts"
import type { Exchange } from "../exchanges/Exchange.ts"
import type { TradeHistory } from "../exchanges/TradeHistory.ts"

/** A feed and how it is to be recorded. */
export interface Plan {
  readonly feed: Feed
  /** The venue as each path of the feed speaks to it; at least one. */
  readonly exchanges: ReadonlyArray<Exchange>
  readonly messageTimeoutSecs: number
  /** The share of its events that is wanted, 0 to 1. */
  readonly completenessObjective: number
  /** Where missed trades are asked for; null where they are not. */
  readonly history: TradeHistory | null
  /** The same for plans of a feed between which nothing differs: a feed that runs by one of them need not be touched for the other. */
  readonly signature: string
}

/** What has to be done for other plans to be in effect. */
export interface Difference<R> {
  readonly added: ReadonlyArray<Plan>
  readonly removed: ReadonlyArray<R>
  readonly changed: ReadonlyArray<Plan>
  readonly untouched: ReadonlyArray<R>
}

/** Compares what is recorded, by feed id, with what is to be recorded. */
export const differenceOf = <R extends { readonly plan: Plan }>(
  present: ReadonlyMap<string, R>,
  wanted: ReadonlyArray<Plan>
): Difference<R> => {
  const byId = new Map(wanted.map((plan) => [plan.feed.id, plan]))
  const added: Array<Plan> = []
  const changed: Array<Plan> = []
  for (const plan of byId.values()) {
    const now = present.get(plan.feed.id)
    if (now === undefined) added.push(plan)
    else if (now.plan.signature !== plan.signature) changed.push(plan)
  }
  const running = [...present.values()]
  return {
    added,
    changed,
    removed: running.filter(({ plan }) => !byId.has(plan.feed.id)),
    untouched: running.filter(({ plan }) => byId.get(plan.feed.id)?.signature === plan.signature)
  }
}
