/** Tells the bench what this process has used, whatever it runs: loaded before it with `--import`. */
import { answering } from "../answering.ts"

/** What a process has used until now, over all of its threads. */
export interface Usage {
  readonly cpuMicros: number
  readonly rssBytes: number
  readonly maxRssBytes: number
}

answering({
  usage: (): Usage => {
    const { system, user } = process.cpuUsage()
    return {
      cpuMicros: user + system,
      rssBytes: process.memoryUsage.rss(),
      maxRssBytes: process.resourceUsage().maxRSS * 1024
    }
  }
})

// What is measured ends as if nobody had asked.
process.channel?.unref()
