import { setTimeout as sleep } from "node:timers/promises"
import { type Figure, voided } from "../figures.ts"
import { hundredFeeds, startSender, tenFeeds, thousandFeeds } from "../load.ts"
import type { Form } from "../part.ts"
import { startRecorder } from "../recorder.ts"

const eventsPerSecond = 10_000

/** The same events over ever more feeds. */
export const growth = async ({ short }: Form): Promise<ReadonlyArray<Figure>> => {
  const part = "growth"
  const figures: Array<Figure> = []
  // Longer than it takes until the rows in memory have reached their bound, and then through several rounds of compressing and writing.
  const [warmSeconds, seconds] = short ? [2, 3] : [45, 30]
  let ofTen = NaN
  for (const load of [tenFeeds, hundredFeeds, thousandFeeds]) {
    const sender = await startSender(load)
    const startedAt = performance.now()
    const recorder = await startRecorder(sender)
    await sender.allConnected(90)
    const connectedAfter = (performance.now() - startedAt) / 1000
    let quietShare = 0
    if (load === thousandFeeds) {
      // Subscriptions are taken to be in force after 10 s, and the garbage of the start is gone.
      await sleep(20_000)
      const [before, from] = [await recorder.child.usage(), performance.now()]
      await sleep(seconds * 1000)
      const after = await recorder.child.usage()
      quietShare = (after.cpuMicros - before.cpuMicros) / 1000 / (performance.now() - from) * 100
    }
    await sender.rate(eventsPerSecond)
    await sleep(warmSeconds * 1000)
    const before = { usage: await recorder.child.usage(), sent: await sender.sent() }
    await sleep(seconds * 1000)
    const after = { usage: await recorder.child.usage(), sent: await sender.sent() }
    await sender.rate(0)
    const { maxRssBytes } = await recorder.child.usage()
    const outcome = await recorder.finish(sender)
    await sender.child.stop()
    const sound = voided(outcome.void)
    const micros = (after.usage.cpuMicros - before.usage.cpuMicros) / (after.sent.events - before.sent.events)
    if (load === tenFeeds) ofTen = micros
    figures.push(
      { part, name: `recorder, ${load.name}`, value: micros, unit: "µs CPU/row", ...sound },
      {
        part,
        name: `memory, ${load.name}`,
        value: maxRssBytes / 2 ** 20,
        unit: "MB RSS",
        ...(load === thousandFeeds ? { target: { atMost: 300 } } : {}),
        ...sound
      },
      { part, name: `until all are connected, ${load.name}`, value: connectedAfter, unit: "s", ...sound }
    )
    if (load === tenFeeds) continue
    figures.push({
      part,
      name: `CPU a row, ${load.name} / ${tenFeeds.name}`,
      value: micros / ofTen,
      unit: "x",
      isRatio: true,
      ...(load === thousandFeeds ? { target: { atMost: 1.3 } } : {}),
      ...sound
    })
    if (load === thousandFeeds) {
      figures.push({ part, name: "1,000 quiet feeds", value: quietShare, unit: "% of a core", target: { atMost: 3 } })
    }
  }
  return figures
}
