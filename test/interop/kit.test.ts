import { expect, inject, it } from 'vitest';

it('the catalogs of the kit answer', async () => {
  const kit = inject('kit');
  for (const uri of [kit.restFixture.uri, kit.restVending.uri, kit.nessie.uri]) {
    const response = await fetch(`${uri}/v1/config`);
    expect(response.status).toBe(200);
    expect(await response.json()).toHaveProperty('defaults');
  }
});
