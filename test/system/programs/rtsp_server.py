"""An RTSP server of GStreamer: rtsp_server.py PORT [basic|digest|none [CERTIFICATE.pem]]. Its login is `cam` with the password in PASSWORD; with a certificate, it is one of rtsps."""
import sys
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtspServer as rtsp

PASSWORD = '%41@home "x"/é'
RAW = "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=25/1"
SOUND = "audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay1 pt=8"
STREAMS = {
    "/jpeg": f"{RAW} ! jpegenc ! rtpjpegpay name=pay0 pt=26",
    "/h264": f"{RAW} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96 {SOUND}",
    "/h265": f"{RAW} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph265pay name=pay0 pt=96",
    "/sound": SOUND.replace("pay1", "pay0"),
}


def permissions():
    given = rtsp.RTSPPermissions()
    for what in ("access", "construct"):
        given.add_permission_for_role("user", f"media.factory.{what}", True)
    return given


def login(method):
    auth = rtsp.RTSPAuth()
    token = rtsp.RTSPToken()
    token.set_string("media.factory.role", "user")
    if method == "digest":
        auth.set_supported_methods(2)
        auth.add_digest("cam", PASSWORD, token)
    elif method == "basic":
        auth.add_basic(rtsp.RTSPAuth.make_basic("cam", PASSWORD), token)
    return auth


Gst.init(None)
server = rtsp.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
method = sys.argv[2] if len(sys.argv) > 2 else "none"
has_login = method != "none"
for path, text in STREAMS.items():
    factory = rtsp.RTSPMediaFactory()
    factory.set_launch(f"( {text} )")
    factory.set_shared(True)
    if has_login:
        factory.set_permissions(permissions())
    server.get_mount_points().add_factory(path, factory)
auth = login(method)
if len(sys.argv) > 3:
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(sys.argv[3]))
if has_login or len(sys.argv) > 3:
    server.set_auth(auth)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
