import { type Browser, chromium } from 'playwright';

/** The system's Chromium, or the one that `CHROMIUM` names. */
export function launchChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}
