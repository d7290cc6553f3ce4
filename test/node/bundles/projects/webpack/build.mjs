/** `node build.mjs`: nothing to configure; an alias for the smaller engine. */
import webpack from 'webpack';

const base = {
  mode: 'production',
  entry: { page: './page.js' },
  // Only to have it sooner.
  optimization: { minimize: false },
  performance: { hints: false },
};
const to = (name) => ({ path: `${import.meta.dirname}/${name}` });
const compiler = webpack([
  { ...base, output: to('whole') },
  { ...base, output: to('append'), resolve: { alias: { '#load-engine': 'icestream/append/url' } } },
]);
compiler.run((error, stats) => {
  if (error) throw error;
  if (!stats.hasErrors()) return;
  console.error(stats.toString('errors-warnings'));
  process.exitCode = 1;
});
