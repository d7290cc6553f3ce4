// Preloaded into a measured process (`node --import`): its last line of output says what it used. Plain JavaScript,
// because loading a type stripper would count as the process's own memory.
const idleRssBytes = process.memoryUsage().rss;
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  const elapsedMs = performance.now();
  console.log(JSON.stringify({ usage: { cpuMs: (user + system) / 1000, elapsedMs, peakRssBytes, idleRssBytes } }));
});
