import type { PutOptions, UploadResult } from './store.ts';

/** Makes a put; calls `options.onNotStored` when it fails without having said that the object may be there. */
export async function surePut(
  options: PutOptions,
  put: (onAmbiguous: () => void) => Promise<UploadResult>,
): Promise<UploadResult> {
  let isSure = true;
  try {
    return await put(() => {
      isSure = false;
    });
  } catch (error) {
    if (isSure) options.onNotStored?.();
    throw error;
  }
}
