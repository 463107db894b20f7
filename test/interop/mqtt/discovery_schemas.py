"""Validates discovery messages, and renders their templates, with Home Assistant's own code.

Reads {"messages": [...], "values": {TOPIC: TEXT}} as JSON, and writes {"faults": [...], "states": {...}, "commands": {...}}.
"""

import asyncio
import importlib
import json
import sys
import tempfile

import voluptuous as vol
from homeassistant.components.mqtt.models import MqttCommandTemplate, MqttValueTemplate
from homeassistant.components.mqtt.schemas import DEVICE_DISCOVERY_SCHEMA
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.helpers.template import Template

given = json.load(sys.stdin)
faults, states, commands = [], {}, {}


async def check():
    """Inside of a Home Assistant that has nothing but its templates."""
    frame.async_setup(HomeAssistant(tempfile.gettempdir()))
    for message in given["messages"]:
        device = DEVICE_DISCOVERY_SCHEMA(message)
        name = device["device"]["name"]
        for key, component in device["components"].items():
            platform = component["platform"]
            module = importlib.import_module(f"homeassistant.components.mqtt.{platform}")
            try:
                config = module.DISCOVERY_SCHEMA({k: v for k, v in component.items() if k != "platform"})
            except vol.Invalid as error:
                faults.append(f"{name} {key}: {error}")
                continue
            value = given["values"].get(config.get("state_topic"))
            if value is not None:
                template = config.get("value_template")
                render = MqttValueTemplate(template).async_render_with_possible_json_value
                states[key] = render(value)
            template = config.get("command_template")
            if isinstance(template, Template):
                commands[key] = MqttCommandTemplate(template).async_render("it's \"so\"")


asyncio.run(check())
json.dump({"faults": faults, "states": states, "commands": commands}, sys.stdout)
