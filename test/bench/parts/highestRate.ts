import { setTimeout as sleep } from "node:timers/promises"
import { type Figure, voided } from "../figures.ts"
import { books, type Load, type Sender, startSender, trades } from "../load.ts"
import { quantileBetween, type Scrape } from "../metrics.ts"
import type { Form } from "../part.ts"
import { type Recorder, startRecorder } from "../recorder.ts"

/** By default, in seconds. */
const commitInterval = 1

const cases: ReadonlyArray<readonly [Load, first: number, target: number]> = [
  [trades, 40_000, 120_000],
  [books, 8000, 25_000]
]

interface Trial {
  /** What was sent in truth. */
  readonly rate: number
  readonly sustained: boolean
  readonly before: Scrape
  readonly after: Scrape
}

/** Sends at a rate for some seconds; it is sustained where nothing was dropped and nothing is left to read shortly after. */
const attempt = async (sender: Sender, recorder: Recorder, rate: number, seconds: number): Promise<Trial> => {
  await sender.rate(rate)
  await sleep(500)
  // The delays of the event loop that a scrape tells are those since the scrape before it.
  const before = await recorder.scrape()
  const from = { sent: await sender.sent(), at: performance.now() }
  await sleep(seconds * 1000)
  const to = { sent: await sender.sent(), at: performance.now() }
  const after = await recorder.scrape()
  await sender.rate(0)
  const inTime = await recorder.caughtUp(sender, 1)
  await recorder.caughtUp(sender, 30)
  const dropped = (await recorder.scrape()).sum("collector_messages_dropped_total") -
    before.sum("collector_messages_dropped_total")
  const sentRate = (to.sent.events - from.sent.events) / (to.at - from.at) * 1000
  return { rate: sentRate, sustained: inTime && dropped === 0 && sentRate >= rate * 0.97, before, after }
}

/** Looks for the highest rate with short attempts: rising until one fails, then halving what lies between. */
const search = async (sender: Sender, first: number, seconds: number, halvings: number): Promise<number> => {
  const recorder = await startRecorder(sender)
  await sender.allConnected(30)
  const sustained = async (rate: number) => (await attempt(sender, recorder, rate, seconds)).sustained
  await sustained(first / 4)
  let [low, high] = [first, first]
  if (await sustained(first)) {
    while (low === high) {
      high *= 1.5
      if (await sustained(high)) low = high
    }
  } else {
    while (low === high && low > first / 64) {
      low /= 2
      if (!(await sustained(low))) high = low
    }
  }
  for (let halving = 0; halving < halvings; halving++) {
    const middle = (low + high) / 2
    if (await sustained(middle)) low = middle
    else high = middle
  }
  await sender.rate(0)
  await recorder.child.stop()
  while ((await sender.sent()).connections > 0) await sleep(20)
  return low
}

/** Node.js counts how long a timer of so long took: what is above that is the delay. */
const loopTimerMillis = 10

const delays = (
  part: string,
  name: string,
  { after, before }: Trial,
  loopTarget: Pick<Figure, "target"> = {}
): ReadonlyArray<Figure> => {
  const loop = (quantile: string) =>
    Math.max(0, after.sum(`nodejs_eventloop_lag_${quantile}_seconds`) * 1000 - loopTimerMillis)
  const durable = (quantile: number) =>
    quantileBetween(before, after, "collector_receive_to_durable_seconds", quantile) * 1000
  return [
    { part, name: `event-loop delay p50, ${name}`, value: loop("p50"), unit: "ms" },
    { part, name: `event-loop delay p99, ${name}`, value: loop("p99"), unit: "ms", ...loopTarget },
    { part, name: `receive to durable p50, ${name}`, value: durable(0.5), unit: "ms" },
    {
      part,
      name: `receive to durable p99, ${name}`,
      value: durable(0.99),
      unit: "ms",
      target: { atMost: commitInterval * 1000 + 50 }
    }
  ]
}

/** The highest rate at which nothing is dropped, and the delays there and at half of it. */
export const highestRate = async ({ short }: Form): Promise<ReadonlyArray<Figure>> => {
  const part = "highest-rate"
  const figures: Array<Figure> = []
  for (const [load, first, target] of cases) {
    const sender = await startSender(load)
    let rate = await search(sender, first, short ? 2 : 4, short ? 1 : 3)
    let confirmed = false
    for (let trial = 0; trial < 4 && !confirmed && rate > 0; trial++) {
      await sender.reset()
      const recorder = await startRecorder(sender)
      await sender.allConnected(30)
      await attempt(sender, recorder, rate / 4, 2)
      const half = await attempt(sender, recorder, rate / 2, short ? 2 : 8)
      const full = await attempt(sender, recorder, rate, short ? 3 : 60)
      const { maxRssBytes } = await recorder.child.usage()
      const outcome = await recorder.finish(sender)
      while ((await sender.sent()).connections > 0) await sleep(20)
      confirmed = full.sustained && outcome.void === null
      if (!confirmed) {
        rate *= 0.7
        continue
      }
      figures.push(
        {
          part,
          name: `highest rate, ${load.name}`,
          value: full.rate,
          unit: "events/s",
          target: { atLeast: target }
        },
        { part, name: `memory at that rate, ${load.name}`, value: maxRssBytes / 2 ** 20, unit: "MB RSS" },
        ...delays(part, `${load.name} at that rate`, full),
        ...delays(part, `${load.name} at half of it`, half, { target: { atMost: 20 } })
      )
    }
    await sender.child.stop()
    if (confirmed) continue
    figures.push({
      part,
      name: `highest rate, ${load.name}`,
      value: rate,
      unit: "events/s",
      target: { atLeast: target },
      ...voided("no rate was confirmed")
    })
  }
  return figures
}
