/** In a gateway's own process: tells its address, and what CPU it has used, in milliseconds. */
export function answerCpuQuestions(url: string): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuMs: (user + system) / 1_000, rssMb: process.memoryUsage.rss() / 2 ** 20 })
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ url })
}
