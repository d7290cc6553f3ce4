export default { resolve: { alias: { '#load-engine': 'icestream/append/url' } } };
