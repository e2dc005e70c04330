import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const gibibyte = 1024 ** 3

/** The metrics of a node exporter that the host's dashboard uses, under the names and labels that it documents. */
const exposition = (seconds: number): string => {
  const modes = ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"]
  const cpu = ["0", "1"].flatMap((core) =>
    modes.map((mode, index) => `node_cpu_seconds_total{cpu="${core}",mode="${mode}"} ${seconds / (index + 1)}`)
  )
  const disk = "{device=\"vda\"}"
  const card = "{device=\"eth0\"}"
  const root = "{device=\"/dev/vda1\",fstype=\"ext4\",mountpoint=\"/\"}"
  return [
    ...cpu,
    "node_load1 0.5",
    "node_load5 0.4",
    "node_load15 0.3",
    `node_memory_MemTotal_bytes ${8 * gibibyte}`,
    `node_memory_MemAvailable_bytes ${5 * gibibyte}`,
    `node_memory_Cached_bytes ${2 * gibibyte}`,
    `node_memory_Buffers_bytes ${gibibyte / 4}`,
    `node_memory_SwapTotal_bytes ${gibibyte}`,
    `node_memory_SwapFree_bytes ${gibibyte / 2}`,
    `node_filesystem_size_bytes${root} ${100 * gibibyte}`,
    `node_filesystem_avail_bytes${root} ${40 * gibibyte}`,
    `node_disk_read_bytes_total${disk} ${seconds * 1000}`,
    `node_disk_written_bytes_total${disk} ${seconds * 5000}`,
    `node_disk_io_time_seconds_total${disk} ${seconds / 10}`,
    `node_network_receive_bytes_total${card} ${seconds * 9000}`,
    `node_network_transmit_bytes_total${card} ${seconds * 900}`,
    `node_network_receive_errs_total${card} 0`,
    `node_network_receive_drop_total${card} 1`,
    `node_network_transmit_errs_total${card} 0`,
    `node_network_transmit_drop_total${card} 0`,
    "node_timex_offset_seconds 0.00012",
    `node_boot_time_seconds ${seconds - 86_400}`,
    `node_time_seconds ${seconds}`,
    "node_uname_info{machine=\"x86_64\",nodename=\"recorder\",release=\"6.1.0\",sysname=\"Linux\"} 1",
    ""
  ].join("\n")
}

/** Stands in for a node exporter on loopback; answers its address. */
export const serveHost = Effect.gen(function*() {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4")
    response.end(exposition(Date.now() / 1000))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
})
