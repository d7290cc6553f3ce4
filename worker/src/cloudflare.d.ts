/** Of workerd's own module, what the Worker uses. */
declare module 'cloudflare:workers' {
  export abstract class WorkerEntrypoint<Environment> {
    protected readonly env: Environment;
    fetch?(request: Request): Promise<Response>;
  }
}
