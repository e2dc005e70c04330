import { setTimeout as sleep } from "node:timers/promises"
import { type Figure, voided } from "../figures.ts"
import { mix, startSender } from "../load.ts"
import type { Form } from "../part.ts"
import { startRecorder } from "../recorder.ts"
import { slopeOf } from "../slope.ts"

const eventsPerSecond = 5000
/** Means over blocks: samples that follow each other closely say the same twice. */
const blocks = 16
const warmShare = 0.25

/** Whether memory and CPU grow with time. */
export const soak = async ({ short, soakMinutes }: Form): Promise<ReadonlyArray<Figure>> => {
  const part = "soak"
  const sender = await startSender(mix)
  const recorder = await startRecorder(sender)
  await sender.allConnected(30)
  await sender.rate(eventsPerSecond)
  const seconds = short ? 20 : soakMinutes * 60
  const startedAt = performance.now()
  const elapsed = () => (performance.now() - startedAt) / 1000
  await sleep(seconds * warmShare * 1000)
  const rss: Array<readonly [minutes: number, mebibytes: number]> = []
  const cpu: Array<readonly [minutes: number, microsPerRow: number]> = []
  const blockSeconds = seconds * (1 - warmShare) / blocks
  for (let block = 0; block < blocks; block++) {
    const from = elapsed()
    const before = { usage: await recorder.child.usage(), sent: await sender.sent() }
    let [sum, samples] = [0, 0]
    while (elapsed() - from < blockSeconds) {
      await sleep(250)
      sum += (await recorder.child.usage()).rssBytes
      samples++
    }
    const after = { usage: await recorder.child.usage(), sent: await sender.sent() }
    const minutes = (from + elapsed()) / 120
    rss.push([minutes, sum / samples / 2 ** 20])
    cpu.push([
      minutes,
      (after.usage.cpuMicros - before.usage.cpuMicros) / (after.sent.events - before.sent.events)
    ])
  }
  await sender.rate(0)
  const { maxRssBytes } = await recorder.child.usage()
  const outcome = await recorder.finish(sender)
  await sender.child.stop()
  const sound = voided(outcome.void)
  const [memory, work] = [slopeOf(rss), slopeOf(cpu)]
  return [
    { part, name: "duration", value: seconds / 60, unit: "min" },
    { part, name: "memory", value: maxRssBytes / 2 ** 20, unit: "MB RSS", ...sound },
    {
      part,
      name: "slope of memory (95 %)",
      value: memory.slope,
      unit: "MB/min",
      range: memory.interval,
      target: { notAbove: 0 },
      ...sound
    },
    { part, name: "slope of CPU (95 %)", value: work.slope, unit: "µs/row/min", range: work.interval, ...sound }
  ]
}
