/** Of workerd's own module, what the catalog's Durable Object is made from. */
declare module 'cloudflare:workers' {
  export const DurableObject: unknown;
}
