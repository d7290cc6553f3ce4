/** The environment of a wrangler that bundles the source as it stands, not what is built of it. */
export const wranglerEnvironment = {
  WRANGLER_BUILD_CONDITIONS: 'icestream-source,workerd,worker,browser',
  WRANGLER_SEND_METRICS: 'false',
} as const;
