# What programs do with openstacksdk: plug a port into a server, or take it out.
#   sdk.py URL attach SERVER NETWORK ADDRESS
#   sdk.py URL detach SERVER PORT
import json
import sys
import time

import openstack

url, verb, server, what, *rest = sys.argv[1:]
cloud = openstack.connect(auth_type="none", endpoint=url + "/v2.1", network_endpoint_override=url)
server = cloud.compute.find_server(server, ignore_missing=False)


def attach(network, address):
    network = cloud.network.find_network(network, ignore_missing=False)
    port = cloud.network.create_port(network_id=network.id, name="of-sdk", fixed_ips=[{"ip_address": address}])
    made = cloud.compute.create_server_interface(server, port_id=port.id, tag="sdk")
    shown = cloud.compute.get_server_interface(made.port_id, server)
    return {
        "Port": made.port_id, "MAC": shown.mac_addr, "Tag": made.tag, "State": made.port_state,
        "Listed": [i.port_id for i in cloud.compute.server_interfaces(server)],
        "Of": [p.id for p in cloud.network.ports(device_id=server.id)],
    }


def detach(port):
    cloud.compute.delete_server_interface(port, server=server, ignore_missing=False)
    end = time.monotonic() + 60
    while list(cloud.compute.server_interfaces(server)) and time.monotonic() < end:
        time.sleep(0.1)
    cloud.network.delete_port(port, ignore_missing=False)
    return {"Listed": [i.port_id for i in cloud.compute.server_interfaces(server)]}


print(json.dumps(attach(what, *rest) if verb == "attach" else detach(what)))
