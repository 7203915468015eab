// Debian's Chromium, or the one that CHROMIUM names; null where there is none.
import { accessSync, constants } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function executable() {
  return PLACES.find((path) => {
    try {
      accessSync(path ?? '', constants.X_OK);
      return Boolean(path);
    } catch {
      return false;
    }
  }) ?? null;
}

export function launch() {
  // Tests may run as root in a container, where Chromium's own sandbox cannot be set up; only the page's own files are opened.
  return chromium.launch({ executablePath: executable(), args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });
}

export const SIZES = { wall: { width: 1920, height: 1080 }, desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
export const VIEWS = ['overview', 'front', 'carbon', 'trials', 'workers', 'tree'];
