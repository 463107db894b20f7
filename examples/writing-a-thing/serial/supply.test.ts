import assert from "node:assert/strict";
import { test } from "node:test";
import { SerialPortMock } from "serialport";
import { openTestHost } from "thingscope/testing";
import { PowerSupply } from "./supply.ts";

/** With a supply in place of a port: what it was told, and what it answers. */
class SimulatedSupply extends PowerSupply {
  volts = 5;
  isMute = false;

  protected override newPort(path: string) {
    SerialPortMock.binding.createPort(path);
    const port = new SerialPortMock({ path, baudRate: 9600, autoOpen: false });
    port.on("open", () => {
      const binding = port.port!;
      const write = binding.write.bind(binding);
      binding.write = async (line) => {
        await write(line);
        if (!this.isMute) binding.emitData(`${this.#answer(String(line).trim())}\n`);
      };
    });
    return port;
  }

  #answer(line: string): string {
    const [command, value] = line.split(" ");
    if (command === "MAX?") return "30";
    if (command === "VOLT?") return String(this.volts);
    if (Number(value) > 24) return "TRIP";
    this.volts = Number(value);
    return "OK";
  }
}

const kwargs = { path: "/dev/ttySIMULATED" };

test("the voltage is what the supply has, and a refusal is the client's answer", async () => {
  await using bench = await openTestHost(SimulatedSupply, { kwargs, settings: { voltage: 7 } });
  const supply = await bench.client();
  assert.equal(await supply.read("voltage"), 7);
  await supply.write("voltage", 12);
  assert.equal(bench.thing.volts, 12);
  await assert.rejects(supply.write("voltage", 31), /less than or equal to 30/);
  const tripped = bench.nextEvent("tripped");
  await assert.rejects(supply.write("voltage", 25), /refuses 25 V: TRIP/);
  assert.deepEqual(await tripped, { volts: 25 });
});

test("a supply that is switched off is opened again, with its voltage", async () => {
  await using bench = await openTestHost(SimulatedSupply, {
    kwargs,
    host: { reopenAfterMs: [10, 10] },
  });
  const { thing, hosted } = bench;
  await hosted.writeProperty("voltage", 9);
  thing.isMute = true;
  await assert.rejects(hosted.readProperty("voltage"), /no answer to 'VOLT\?'/);
  thing.volts = 0;
  thing.isMute = false;
  await bench.untilProperty("voltage", (volts) => volts === 9);
});
