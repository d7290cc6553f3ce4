/** For workerd: `/?url=…&seed=…`. */
import { digestFiles } from './digest-files.ts';

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    return Response.json(await digestFiles(searchParams.get('url') ?? '', Number(searchParams.get('seed'))));
  },
};
