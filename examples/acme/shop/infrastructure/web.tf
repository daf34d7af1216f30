# the shop's front
resource "aws_lb" "front" {
  name                       = "shop-front"
  internal                   = false
  load_balancer_type         = "application"
  subnets                    = var.subnets
  drop_invalid_header_fields = false
}

resource "aws_security_group" "admin" {
  name        = "shop-admin"
  description = "Administration of the front"

  ingress {
    description = "SSH from anywhere, until the VPN is ready"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

variable "subnets" {
  type = list(string)
}
