import { setTimeout as sleep } from "node:timers/promises"
import { type Figure, voided } from "../figures.ts"
import { startSender, wideBooks } from "../load.ts"
import type { Form } from "../part.ts"
import { startRecorder } from "../recorder.ts"

/** Ten feeds of 10 frames a second that suddenly bring 1,000 frames of 5 kB a second each. */
export const spike = async ({ short }: Form): Promise<ReadonlyArray<Figure>> => {
  const part = "spike"
  const sender = await startSender(wideBooks)
  const recorder = await startRecorder(sender)
  await sender.allConnected(30)
  await sender.rate(100)
  await sleep(3000)
  const [before, from] = [await sender.sent(), performance.now()]
  await sender.rate(10_000)
  await sleep(short ? 10_000 : 60_000)
  const after = await sender.sent()
  const rate = (after.events - before.events) / (performance.now() - from) * 1000
  await sender.rate(0)
  await recorder.caughtUp(sender, 30)
  const { maxRssBytes } = await recorder.child.usage()
  const dropped = (await recorder.scrape()).sum("collector_messages_dropped_total")
  const outcome = await recorder.finish(sender)
  await sender.child.stop()
  // Dropped events are what is measured here; anything else that is wrong makes the figures worthless.
  const tooSlow = rate < 9500 ? `only ${Math.round(rate)} frames/s of 10,000 were sent` : null
  const sound = voided(dropped === 0 ? outcome.void ?? tooSlow : tooSlow)
  return [
    { part, name: "frames/s of 5 kB", value: rate, unit: "frames/s" },
    { part, name: "dropped", value: dropped, unit: "events", target: { atMost: 0 }, ...sound },
    { part, name: "memory", value: maxRssBytes / 2 ** 20, unit: "MB RSS", target: { atMost: 200 }, ...sound }
  ]
}
