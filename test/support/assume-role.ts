/** Temporary S3 keys from MinIO's STS, as a catalog that vends credentials gets them. */
import { AwsClient } from 'aws4fetch';
import type { S3Access } from './kit/s3-servers.ts';

export interface TemporaryKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export async function assumeRole(s3: S3Access): Promise<TemporaryKeys> {
  const { accessKeyId, secretAccessKey, region } = s3;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 'sts', retries: 0 });
  const form = { Action: 'AssumeRole', Version: '2011-06-15', DurationSeconds: '900' };
  const response = await client.fetch(`${s3.endpoint}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  const xml = await response.text();
  const tag = (name: string) => {
    const value = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
    if (value === undefined) throw new Error(`no ${name} from STS: ${response.status} ${xml}`);
    return value;
  };
  return {
    accessKeyId: tag('AccessKeyId'),
    secretAccessKey: tag('SecretAccessKey'),
    sessionToken: tag('SessionToken'),
  };
}

/** The keys in the names catalogs use. */
export function vendedConfig(keys: TemporaryKeys, expiresAtMs: number): Record<string, string> {
  return {
    's3.access-key-id': keys.accessKeyId,
    's3.secret-access-key': keys.secretAccessKey,
    's3.session-token': keys.sessionToken,
    's3.session-token-expires-at-ms': String(expiresAtMs),
  };
}
